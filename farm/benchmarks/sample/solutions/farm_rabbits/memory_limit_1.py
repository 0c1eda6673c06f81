n, p, q = map(int, input().split())
rabbits = [1] * (n + 1)
for month in range(2, n + 1):
    rabbits[month] = (p * rabbits[month - 1] + q * rabbits[month - 2]) % 1000000007
print(rabbits[n])
