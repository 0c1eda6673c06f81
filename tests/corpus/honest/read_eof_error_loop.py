#: input = "1\n2\n3"
#: output = "6\n"
total = 0
while True:
    try:
        total += int(input())
    except EOFError:
        break
print(total)
