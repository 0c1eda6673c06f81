#: input = "abc\n"
#: output = "0 abc\n"
import os
import sys

print(sys.stdin.fileno(), os.read(sys.stdin.fileno(), 3).decode())
