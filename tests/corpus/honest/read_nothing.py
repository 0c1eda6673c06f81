#: input = ""
#: output = "0 True\n"
import sys

print(len(sys.stdin.read()), sys.stdin.read() == "")
