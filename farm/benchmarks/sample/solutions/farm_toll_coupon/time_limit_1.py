import sys

data = list(map(int, sys.stdin.read().split()))
n, m = data[:2]
far = float("inf")
plain = [far] * (n + 1)
free = [far] * (n + 1)
plain[1] = free[1] = 0
for _ in range(n):
    for i in range(2 + 3 * m - 3, 1, -3):
        a, b, toll = data[i], data[i + 1], data[i + 2]
        for x, y in ((a, b), (b, a)):
            plain[y] = min(plain[y], plain[x] + toll)
            free[y] = min(free[y], free[x] + toll, plain[x])
print(free[n] if free[n] < far else -1)
