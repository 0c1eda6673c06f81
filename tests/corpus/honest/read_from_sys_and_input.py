#: input = "1\n2\n3\n"
#: output = "1 2 3\n"
from sys import stdin

print(input(), stdin.readline().strip(), input())
