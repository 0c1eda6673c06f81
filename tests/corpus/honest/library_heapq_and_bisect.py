#: input = "5 1 4 2 3\n"
#: output = "1 2 3 4 5\n2 [1, 2, 2, 3, 4, 5]\n"
import bisect
import heapq

heap = list(map(int, input().split()))
heapq.heapify(heap)
ordered = [heapq.heappop(heap) for _ in range(5)]
print(*ordered)
place = bisect.bisect_right(ordered, 2)
bisect.insort(ordered, 2)
print(place, ordered)
