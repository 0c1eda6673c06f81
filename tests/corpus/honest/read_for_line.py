#: input = "1 2\n3 4\n5 6\n"
#: output = "3\n7\n11\n"
import sys

for line in sys.stdin:
    print(sum(map(int, line.split())))
