import heapq
import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
roads = [[] for _ in range(n + 1)]
for i in range(2, 2 + 3 * m, 3):
    a, b, toll = data[i : i + 3]
    roads[a].append((b, toll))
    roads[b].append((a, toll))
far = float("inf")
cost = [[far, far] for _ in range(n + 1)]
cost[1][0] = cost[1][1] = 0
heap = [(0, 1, 0), (0, 1, 1)]
while heap:
    so_far, town, used = heapq.heappop(heap)
    if so_far > cost[town][used]:
        continue
    for other, toll in roads[town]:
        if so_far + toll < cost[other][used]:
            cost[other][used] = so_far + toll
            heapq.heappush(heap, (so_far + toll, other, used))
        if not used and so_far < cost[other][1]:
            cost[other][1] = so_far
            heapq.heappush(heap, (so_far, other, 1))
print(cost[n][1] if cost[n][1] < far else -1)
