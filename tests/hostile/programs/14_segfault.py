#: number = 14
#: want = ["RUNTIME_ERROR"]
#: output = "42"
#: signal = 11
print(42, flush=True)
ctypes.string_at(0)
