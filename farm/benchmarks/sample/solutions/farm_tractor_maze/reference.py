import sys
from collections import deque

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
moves = [[-1] * w for _ in range(h)]
moves[0][0] = 0
queue = deque([(0, 0)])
while queue:
    y, x = queue.popleft()
    for ny, nx in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
        if 0 <= ny < h and 0 <= nx < w and grid[ny][nx] == "." and moves[ny][nx] < 0:
            moves[ny][nx] = moves[y][x] + 1
            queue.append((ny, nx))
print(moves[h - 1][w - 1])
