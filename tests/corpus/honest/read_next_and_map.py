#: input = "3\n1\n2\n3\n"
#: output = "3 6\n"
import sys

n = int(next(sys.stdin))
print(n, sum(map(int, sys.stdin)))
