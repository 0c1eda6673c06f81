import sys

data = list(map(int, sys.stdin.read().split()))
n, capacity = data[:2]
bags = [(data[i], data[i + 1]) for i in range(2, 2 + 2 * n, 2)]


def best(i, left):
    if i == n:
        return 0
    without = best(i + 1, left)
    weight, price = bags[i]
    if weight > left:
        return without
    return max(without, price + best(i + 1, left - weight))


print(best(0, capacity))
