#: input = "2\na\nb"
#: output = "2 a|b\n"
import sys

n = int(input())
print(n, "|".join(line.strip() for line in sys.stdin.readlines()))
