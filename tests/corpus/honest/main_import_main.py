#: output = "42\n"
import sys

answer = 42
print(sys.modules["__main__"].answer)
