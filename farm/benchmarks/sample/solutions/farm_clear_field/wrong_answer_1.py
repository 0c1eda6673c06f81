import sys

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
side = [0] * (w + 1)
best = 0
for row in lines[2:]:
    fresh = [0] * (w + 1)
    for x in range(1, w + 1):
        if row[x - 1] == ".":
            fresh[x] = 1 + min(side[x], side[x - 1], fresh[x - 1])
        best = max(best, fresh[x])
    side = fresh
print(best * best)
