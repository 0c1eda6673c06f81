#: output = { prefix = "1", repeat = "0", times = 20000 }
print(10**20000)
