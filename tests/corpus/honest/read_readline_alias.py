#: input = "3\n1 2 3\n"
#: output = "3 6\n"
import sys

input = sys.stdin.readline
n = int(input())
print(n, sum(map(int, input().split())))
