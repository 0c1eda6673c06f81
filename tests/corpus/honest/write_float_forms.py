#: output = "1 10 0.5\n"
print("1.0 1e1 .50")
