#: input = "1 2\n"
#: output = "3\n"
import io
import sys

text = io.TextIOWrapper(sys.stdin.buffer, encoding="ascii")
print(sum(map(int, text.read().split())))
