#: input = "12 30\n"
#: output = "42\n"
import os

print(sum(map(int, os.read(0, 1 << 16).split())))
