#: output = "hello\n"
import sys

print("hello", file=sys.__stdout__)
