#: input = "1\n2\n3\n"
#: output = "6\n"
import sys

print(sum(int(line) for line in sys.stdin.buffer))
