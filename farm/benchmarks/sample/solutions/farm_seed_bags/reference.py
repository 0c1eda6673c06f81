import sys

data = list(map(int, sys.stdin.read().split()))
n, capacity = data[:2]
best = [0] * (capacity + 1)
for i in range(2, 2 + 2 * n, 2):
    weight, price = data[i], data[i + 1]
    for load in range(capacity, weight - 1, -1):
        if best[load - weight] + price > best[load]:
            best[load] = best[load - weight] + price
print(best[capacity])
