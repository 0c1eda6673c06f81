#: number = 14
#: want = ["RUNTIME_ERROR", "MEMORY_LIMIT", "TIME_LIMIT"]
#: limits = { cpu_s = 2.0, wall_s = 6.0, memory_bytes = 134217728 }
sys.setrecursionlimit(10**9)


def deeper():
    return deeper() + 1


deeper()
