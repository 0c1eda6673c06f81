#: input = "1\n2\n"
#: output = "3\n"
from sys import stdin

print(sum(int(line) for line in stdin))
