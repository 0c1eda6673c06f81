#: input = "4 4\n1 2 5\n2 3 1\n1 3 9\n3 4 2\n"
#: output = "8\n"
import heapq
import sys
from math import inf

n, m = map(int, sys.stdin.readline().split())
graph = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b, w = map(int, sys.stdin.readline().split())
    graph[a].append((b, w))
    graph[b].append((a, w))
best = [inf] * (n + 1)
best[1] = 0
heap = [(0, 1)]
while heap:
    d, v = heapq.heappop(heap)
    if d > best[v]:
        continue
    for w, cost in graph[v]:
        if d + cost < best[w]:
            best[w] = d + cost
            heapq.heappush(heap, (best[w], w))
print(best[n])
