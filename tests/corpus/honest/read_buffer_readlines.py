#: input = "x\ny\n"
#: output = "[b'x\\n', b'y\\n']\n"
import sys

print(sys.stdin.buffer.readlines())
