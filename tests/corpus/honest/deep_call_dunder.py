#: output = "20000\n"
import sys

sys.setrecursionlimit(10**6)


class Depth:
    def __call__(self, n):
        return 0 if n == 0 else 1 + self(n - 1)


print(Depth()(20000))
