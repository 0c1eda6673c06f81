#: output = { repeat = "7\n", times = 200000 }
for _ in range(200000):
    print(7)
