#: input = "2\n1 2\n3 4\n"
#: output = "2 10\n"
import sys

n = int(input())
rest = sys.stdin.read().split()
print(n, sum(map(int, rest)))
