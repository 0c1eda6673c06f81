#: output = "7 [0, 1, 4]\n"
exec("seven = 7")
numbers = [0, 1, 2]
print(seven, eval("[n * n for n in numbers]"))
