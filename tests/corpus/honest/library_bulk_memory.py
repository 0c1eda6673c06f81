#: output = "100000000\n"
data = bytearray(100_000_000)
for place in range(0, len(data), 4096):
    data[place] = 1
print(len(data))
