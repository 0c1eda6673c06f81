n, b = map(int, input().split())
print(n // b, n % b)
