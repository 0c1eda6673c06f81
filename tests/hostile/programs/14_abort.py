#: number = 14
#: want = ["RUNTIME_ERROR"]
#: output = "42"
#: signal = 6
print(42, flush=True)
os.abort()
