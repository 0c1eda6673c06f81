n, b = map(int, input().split())
print(int(n / b), n - int(n / b) * b)
