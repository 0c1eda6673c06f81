#: output = "hello\n"
import os

os.write(1, b"hello\n")
