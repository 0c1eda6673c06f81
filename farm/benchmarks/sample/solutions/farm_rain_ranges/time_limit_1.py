import sys

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
rain = data[2 : n + 2]
for i in range(n + 2, n + 2 + 2 * q, 2):
    total = 0
    for day in range(data[i] - 1, data[i + 1]):
        total += rain[day]
    print(total)
