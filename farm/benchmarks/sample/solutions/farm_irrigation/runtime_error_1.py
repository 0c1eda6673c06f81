import heapq
import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
near = {}
for i in range(2, 2 + 3 * m, 3):
    a, b, cost = data[i : i + 3]
    near.setdefault(a, []).append((cost, b))
    near.setdefault(b, []).append((cost, a))
reached = {1}
heap = list(near[1])
heapq.heapify(heap)
total = 0
while len(reached) < n:
    cost, field = heapq.heappop(heap)
    if field not in reached:
        reached.add(field)
        total += cost
        for way in near[field]:
            heapq.heappush(heap, way)
print(total)
