#: input = "3\n"
#: output = "4\n"
n = int(input())
max = n
list = [max]
sum = max + len(list)
print(sum)
