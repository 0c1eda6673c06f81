#: input = "5\n6\n0\n7\n"
#: output = "11\n"
total = 0
while (n := int(input())) != 0:
    total += n
print(total)
