#: input = "2\n3 4\n5 6\n"
#: output = "2 18\n"
import sys

n = int(sys.stdin.buffer.readline())
print(n, sum(map(int, sys.stdin.buffer.read().split())))
