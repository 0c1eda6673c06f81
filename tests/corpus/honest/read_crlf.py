#: input = "2\r\n3 4\r\n5 6\r\n"
#: output = "7\n11\n"
for _ in range(int(input())):
    print(sum(map(int, input().split())))
