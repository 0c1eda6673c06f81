import sys
from collections import deque

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
cells = h * w
joined = [[0] * cells for _ in range(cells)]
for y in range(h):
    for x in range(w):
        for ny, nx in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            if 0 <= ny < h and 0 <= nx < w and grid[y][x] == "." == grid[ny][nx]:
                joined[y * w + x][ny * w + nx] = 1
moves = [-1] * cells
moves[0] = 0
queue = deque([0])
while queue:
    cell = queue.popleft()
    for other in range(cells):
        if joined[cell][other] and moves[other] < 0:
            moves[other] = moves[cell] + 1
            queue.append(other)
print(moves[-1])
