#: output = "42\n"
print(42)
exit()
