import sys

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
kinds = data[2 : n + 2]
different = [[0] * (n + 1) for _ in range(n + 1)]
for low in range(n):
    seen = set()
    for high in range(low, n):
        seen.add(kinds[high])
        different[low][high] = len(seen)
for i in range(n + 2, n + 2 + 2 * q, 2):
    print(different[data[i] - 1][data[i + 1] - 1])
