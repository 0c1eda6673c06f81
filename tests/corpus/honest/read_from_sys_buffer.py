#: input = "1 2 3\n"
#: output = "6\n"
from sys import stdin

print(sum(map(int, stdin.buffer.readline().split())))
