n, b = map(int, input().split())
boxes = list(range(b, n + 1, b))
print(len(boxes), n - boxes[-1])
