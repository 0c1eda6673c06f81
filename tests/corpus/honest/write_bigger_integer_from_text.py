#: input = { repeat = "7", times = 40000 }
#: output = { repeat = "7", times = 40000 }
print(int(input()))
