import sys

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
heights = [0] * (w + 1)
best = 0
for row in lines[2:]:
    for x in range(w):
        heights[x] = heights[x] + 1 if row[x] == "." else 0
    open_from = []
    for x in range(w + 1):
        start = x
        while open_from and open_from[-1][1] >= heights[x]:
            start, height = open_from.pop()
            best = max(best, height * (x - start))
        open_from.append((start, heights[x]))
print(best)
