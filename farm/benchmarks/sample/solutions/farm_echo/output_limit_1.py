line = input()
while True:
    print(line * 10000)
