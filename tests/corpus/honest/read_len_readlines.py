#: input = "a\nb\nc\n"
#: output = "3\n"
import sys

print(len(sys.stdin.readlines()))
