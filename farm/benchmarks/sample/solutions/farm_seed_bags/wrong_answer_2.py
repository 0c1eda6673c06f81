import sys

data = list(map(int, sys.stdin.read().split()))
n, capacity = data[:2]
best = [0] * (capacity + 1)
for i in range(2, 2 + 2 * n, 2):
    weight, price = data[i], data[i + 1]
    for load in range(weight, capacity + 1):
        best[load] = max(best[load], best[load - weight] + price)
print(best[capacity])
