import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
ditches = sorted((data[i + 2], data[i], data[i + 1]) for i in range(2, 2 + 3 * m, 3))
joined = set()
total = 0
for cost, a, b in ditches:
    if a != b and not (a in joined and b in joined):
        joined |= {a, b}
        total += cost
print(total if len(joined) == n or n == 1 else "impossible")
