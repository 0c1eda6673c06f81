#: input = "4\n"
#: output = "5 5\n"
count = int(input())


def grow():
    global count
    count += 1


grow()
print(count, globals()["count"])
