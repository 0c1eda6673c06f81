import sys

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
far = 10**9
moves = [[far] * w for _ in range(h)]
moves[0][0] = 0
for y in range(h):
    for x in range(w):
        if grid[y][x] == ".":
            if y:
                moves[y][x] = min(moves[y][x], moves[y - 1][x] + 1)
            if x:
                moves[y][x] = min(moves[y][x], moves[y][x - 1] + 1)
print(moves[h - 1][w - 1] if moves[h - 1][w - 1] < far else -1)
