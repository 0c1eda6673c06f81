#: number = 16
#: want = ["MEMORY_LIMIT"]
#: limits = { cpu_s = 4.0, memory_bytes = 134217728 }
kept = bytearray()
while True:
    kept += b"x" * (1 << 20)
