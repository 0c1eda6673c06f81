name = input("Hello, farm!\n")
print(name)
