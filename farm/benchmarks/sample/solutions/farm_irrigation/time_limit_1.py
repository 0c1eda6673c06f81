import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
ditches = sorted((data[i + 2], data[i], data[i + 1]) for i in range(2, 2 + 3 * m, 3))
chosen = []
total = 0


def reached(start):
    found = {start}
    while True:
        grown = False
        for a, b in chosen:
            if (a in found) != (b in found):
                found |= {a, b}
                grown = True
        if not grown:
            return found


for cost, a, b in ditches:
    if b not in reached(a):
        chosen.append((a, b))
        total += cost
print(total if len(chosen) == n - 1 else "impossible")
