#: input = "4 5\n"
#: output = "9\n"
print(sum(map(int, open(0).read().split())))
