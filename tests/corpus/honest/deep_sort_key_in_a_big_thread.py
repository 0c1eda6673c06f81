#: output = "20000\n"
import sys
import threading
from functools import lru_cache

sys.setrecursionlimit(10**6)
threading.stack_size(1 << 27)


@lru_cache(None)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


thread = threading.Thread(target=lambda: print(depth(20000)))
thread.start()
thread.join()
