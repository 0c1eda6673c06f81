import sys

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
kinds = data[2 : n + 2]
for i in range(n + 2, n + 2 + 2 * q, 2):
    seen = set()
    for place in range(data[i] - 1, data[i + 1]):
        if kinds[place] not in seen:
            seen.add(kinds[place])
    print(len(seen))
