#: input = "3 1 2\n"
#: output = "[1, 2, 3] 3 6 2\n"
numbers = list(map(int, input().split()))
heapify(numbers)
print([heappop(numbers) for _ in range(3)], Counter("abca")["a"] + 1, reduce(lambda a, b: a * b, [1, 2, 3]), floor(2.5))
