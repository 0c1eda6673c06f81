#: number = 16
#: want = ["MEMORY_LIMIT"]
#: limits = { cpu_s = 4.0, memory_bytes = 134217728 }
kept = []
while True:
    kept.append([0] * 10000)
