#: output = { repeat = "0123456789abcde\n", times = 4194304 }
#: limits = { cpu_s = 30.0, wall_s = 90.0 }
#: slow = true
import sys

for _ in range(64):
    sys.stdout.write("0123456789abcde\n" * 65536)
