import sys

data = list(map(int, sys.stdin.read().split()))
n, capacity = data[:2]
bags = [(data[i + 1] / data[i], data[i], data[i + 1]) for i in range(2, 2 + 2 * n, 2)]
total = 0
for _, weight, price in sorted(bags, reverse=True):
    if weight <= capacity:
        capacity -= weight
        total += price
print(total)
