#: input = { repeat = "12345\n", times = 300000 }
#: output = "3703500000\n"
import sys

print(sum(int(line) for line in sys.stdin))
