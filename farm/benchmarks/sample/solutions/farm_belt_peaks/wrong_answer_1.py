import sys

n, width, *sizes = map(int, sys.stdin.read().split())
print(sum(max(sizes[i : i + width]) for i in range(0, n, width)))
