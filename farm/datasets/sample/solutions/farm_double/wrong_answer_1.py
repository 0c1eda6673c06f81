n = input()
print(2 * n)
