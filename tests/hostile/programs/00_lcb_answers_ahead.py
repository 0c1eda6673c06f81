#: mode = "lcb"
#: prelude = false
#: want = ["WRONG_ANSWER", "RUNTIME_ERROR", "TIME_LIMIT", "OUTPUT_LIMIT"]
#: tests = [["1", "1"], ["2", "2"]]
#: limits = { cpu_s = 2.0, wall_s = 4.0 }
import os
import sys

print(1)
sys.stdout.flush()
os._exit(0)
