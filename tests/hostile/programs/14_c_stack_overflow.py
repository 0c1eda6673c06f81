#: number = 14
#: want = ["RUNTIME_ERROR", "MEMORY_LIMIT", "TIME_LIMIT"]
#: limits = { cpu_s = 2.0, wall_s = 6.0, memory_bytes = 268435456 }
from functools import lru_cache

sys.setrecursionlimit(10**9)


@lru_cache(None)
def deeper(level):
    return deeper(level + 1)


deeper(0)
