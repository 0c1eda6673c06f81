#: input = { repeat = "the quick brown fox\n", times = 200000 }
#: output = { repeat = "the quick brown fox\n", times = 200000 }
#: limits = { cpu_s = 10.0, wall_s = 30.0 }
import shutil
import sys

shutil.copyfileobj(sys.stdin, sys.stdout)
