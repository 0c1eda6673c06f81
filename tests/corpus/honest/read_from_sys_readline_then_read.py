#: input = "1\n2 3\n4"
#: output = "1 9\n"
from sys import stdin

first = int(stdin.readline())
print(first, sum(map(int, stdin.read().split())))
