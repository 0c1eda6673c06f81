#: input = "4 5\n"
#: output = "20\n"
with open("/dev/stdin") as file:
    a, b = map(int, file.read().split())
print(a * b)
