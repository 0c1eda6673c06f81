n = int(input())
while n not in (0, 1):
    n -= 2
print("odd" if n else "even")
