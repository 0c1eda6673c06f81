import sys

n, width, *sizes = map(int, sys.stdin.read().split())
total = 0
for i in range(n - width + 1):
    best = 0
    for size in sizes[i : i + width]:
        if size > best:
            best = size
    total += best
print(total)
