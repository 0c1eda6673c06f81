import sys

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
seen = set()
count = [0]
for kind in data[2 : n + 2]:
    seen.add(kind)
    count.append(len(seen))
for i in range(n + 2, n + 2 + 2 * q, 2):
    print(count[data[i + 1]] - count[data[i] - 1])
