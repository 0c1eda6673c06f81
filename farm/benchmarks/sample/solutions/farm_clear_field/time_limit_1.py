import sys

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
best = 0
for top in range(h):
    for left in range(w):
        width = w - left
        for bottom in range(top, h):
            run = 0
            while run < width and grid[bottom][left + run] == ".":
                run += 1
            width = run
            best = max(best, width * (bottom - top + 1))
print(best)
