import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
ditches = sorted((data[i + 2], data[i], data[i + 1]) for i in range(2, 2 + 3 * m, 3))
parent = list(range(n + 1))


def find(a):
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


total, missing = 0, n - 1
for cost, a, b in ditches:
    a, b = find(a), find(b)
    if a != b:
        parent[a] = b
        total += cost
        missing -= 1
print(total if missing == 0 else "impossible")
