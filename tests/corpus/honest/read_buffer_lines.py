#: input = "2\n3 4\n5 6\n"
#: output = "2 7 11\n"
import sys

read = sys.stdin.buffer.readline
n = int(read())
print(n, *(sum(map(int, read().split())) for _ in range(n)))
