#: input = "2\n\n5\n\n7\n"
#: output = "12\n"
n = int(input())
total = 0
for _ in range(n):
    input()
    total += int(input())
print(total)
