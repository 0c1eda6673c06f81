#: input = "ab\ncd\n"
#: output = "ba dc\n"
import sys

print(*(line[:-1][::-1] for line in sys.stdin.readlines()))
