#: output = { repeat = "9", times = 3000000, suffix = "\n" }
print("9" * 3000000)
