#: number = 18
#: want = ["MEMORY_LIMIT", "TIME_LIMIT"]
#: limits = { cpu_s = 2.0, wall_s = 6.0, memory_bytes = 134217728 }
kept = []
while True:
    try:
        kept.append(bytearray(b"x") * (1 << 20))
    except MemoryError:
        pass
