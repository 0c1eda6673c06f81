import sys

lines = sys.stdin.read().split()
h, w = int(lines[0]), int(lines[1])
grid = lines[2:]
areas = []
for top in range(h):
    clear = [True] * w
    for bottom in range(top, h):
        clear = [clear[x] and grid[bottom][x] == "." for x in range(w)]
        longest = max(len(run) for run in "".join(".*"[not c] for c in clear).split("*"))
        if longest:
            areas.append(longest * (bottom - top + 1))
print(max(areas))
