#: input = "2\n7\n8\n"
#: output = "15\n"
import sys

n = int(input())
input = sys.stdin.readline
print(sum(int(input()) for _ in range(n)))
