#: output = "1 str 0\n"
import sys

print(len(sys.argv), type(__file__).__name__, len(sys.argv[1:]))
