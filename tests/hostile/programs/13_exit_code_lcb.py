#: number = 13
#: mode = "lcb"
#: prelude = false
#: want = ["PASSED"]
#: output = "42"
import sys

print(42)
sys.exit(3)
