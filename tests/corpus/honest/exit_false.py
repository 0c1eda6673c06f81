#: output = "42\n"
import sys

print(42)
sys.exit(False)
