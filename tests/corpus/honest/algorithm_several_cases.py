#: tests = [["1\n1 1\n", "2\n"], ["2\n1 2\n3 4\n", "3\n7\n"], ["0\n", ""]]
for _ in range(int(input())):
    print(sum(map(int, input().split())))
