#: input = "3\n10\n20\n30\n"
#: output = "60\n"
n = int(input())
print(sum(int(input()) for _ in range(n)))
