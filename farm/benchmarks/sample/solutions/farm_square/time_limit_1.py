n = int(input())
square = 0
step = 1 if n > 0 else -1
for _ in range(abs(n)):
    for _ in range(abs(n)):
        square += 1
print(square)
