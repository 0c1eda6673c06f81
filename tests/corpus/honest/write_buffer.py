#: output = "hello\nworld\n"
import sys

sys.stdout.buffer.write(b"hello\n")
sys.stdout.buffer.write("world\n".encode())
