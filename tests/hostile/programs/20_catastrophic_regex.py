#: number = 20
#: want = ["TIME_LIMIT"]
#: limits = { cpu_s = 0.5, wall_s = 4.0 }
import re

re.match(r"(a+)+$", "a" * 60 + "b")
