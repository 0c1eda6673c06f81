#: output = "42\n"
import os
import sys

print(42)
sys.stdout.flush()
os._exit(0)
