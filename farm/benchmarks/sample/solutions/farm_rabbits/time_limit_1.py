n, p, q = map(int, input().split())
a, b = 1, 1
for _ in range(n):
    a, b = b, (p * b + q * a) % 1000000007
print(a)
