import sys
from collections import deque

n, width, *sizes = map(int, sys.stdin.read().split())
best = deque()
total = 0
for i, size in enumerate(sizes):
    while best and sizes[best[-1]] <= size:
        best.pop()
    best.append(i)
    if best[0] <= i - width:
        best.popleft()
    if i >= width - 1:
        total += sizes[best[0]]
print(total)
