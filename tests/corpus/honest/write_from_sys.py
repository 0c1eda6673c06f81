#: output = "hello\n"
from sys import stdout

stdout.write("hello\n")
