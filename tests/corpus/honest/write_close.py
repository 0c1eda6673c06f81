#: output = "hello\n"
import sys

sys.stdout.write("hello\n")
sys.stdout.close()
