#: number = 16
#: want = ["MEMORY_LIMIT"]
#: output = "42"
#: limits = { cpu_s = 4.0, memory_bytes = 134217728 }
spike = bytearray(b"x") * (220 << 20)
del spike
print(42)
