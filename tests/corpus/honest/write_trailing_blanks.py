#: output = "1 2\n3\n"
print("1 2  ")
print("3 \n\n")
