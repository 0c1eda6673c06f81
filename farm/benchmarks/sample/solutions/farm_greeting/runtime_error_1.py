name = input()
print("Hello " + name)
assert name == "Ada"
