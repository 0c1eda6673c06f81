#: output = "20000\n"
import sys
from functools import lru_cache

sys.setrecursionlimit(10**6)


@lru_cache(maxsize=None)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


print(depth(20000))
