#: input = "1\n2\n0\n9\n"
#: output = "3\n"
print(sum(map(int, iter(input, "0"))))
