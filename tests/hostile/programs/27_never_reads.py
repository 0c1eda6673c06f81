#: number = 27
#: want = ["PASSED"]
#: input = { repeat = "0123456789\n", times = 1000000 }
#: output = "42"
print(42)
