n = int(input())
total = 0
while total < 2 * n:
    total *= 2
print(total)
