import heapq
import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
roads = {}
for i in range(2, 2 + 3 * m, 3):
    a, b, toll = data[i : i + 3]
    roads.setdefault(a, []).append((b, toll))
    roads.setdefault(b, []).append((a, toll))
best = {}
heap = [(0, 1, 0)]
while heap:
    cost, town, used = heapq.heappop(heap)
    if (town, used) in best:
        continue
    best[town, used] = cost
    for other, toll in roads[town]:
        heapq.heappush(heap, (cost + toll, other, used))
        if not used:
            heapq.heappush(heap, (cost, other, 1))
print(min(best[n, 0], best[n, 1]))
