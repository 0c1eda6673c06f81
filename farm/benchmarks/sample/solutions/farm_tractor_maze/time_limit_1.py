import sys

sys.setrecursionlimit(200000)
lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
best = -1
seen = [[False] * w for _ in range(h)]
path = [(0, 0, 0)]
seen[0][0] = True
# Tries each simple path, with its own stack.
while path:
    y, x, turn = path.pop()
    if (y, x) == (h - 1, w - 1):
        length = len(path)
        if best < 0 or length < best:
            best = length
        seen[y][x] = False
        continue
    if turn == 4:
        seen[y][x] = False
        continue
    path.append((y, x, turn + 1))
    ny, nx = ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1))[turn]
    if 0 <= ny < h and 0 <= nx < w and grid[ny][nx] == "." and not seen[ny][nx]:
        seen[ny][nx] = True
        path.append((ny, nx, 0))
print(best)
