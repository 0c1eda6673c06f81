import heapq
import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
roads = [[] for _ in range(n + 1)]
for i in range(2, 2 + 3 * m, 3):
    a, b, toll = data[i : i + 3]
    roads[a].append((b, toll))
    roads[b].append((a, toll))
done = {}
heap = [(0, 1, 0)]
while heap:
    cost, town, dearest = heapq.heappop(heap)
    if town in done:
        continue
    done[town] = cost - dearest
    for other, toll in roads[town]:
        heapq.heappush(heap, (cost + toll, other, max(dearest, toll)))
print(done.get(n, -1))
