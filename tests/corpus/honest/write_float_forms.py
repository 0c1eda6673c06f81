#: output = "1.0 1e1 .50\n"
print("1.0 1e1 .50")
