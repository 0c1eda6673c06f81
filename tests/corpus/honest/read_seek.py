#: input = "12\n34\n"
#: output = "12 12\n"
import sys

first = sys.stdin.read().split()[0]
sys.stdin.seek(0)
print(first, sys.stdin.readline().strip())
