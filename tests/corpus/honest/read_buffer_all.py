#: input = "5 6\n7"
#: output = "18\n"
import sys

print(sum(map(int, sys.stdin.buffer.read().split())))
