#: input = "7\n8\n"
#: output = "56\n"
import sys

sys.stdin = open(0)
print(int(input()) * int(sys.stdin.readline()))
