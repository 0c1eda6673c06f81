#: tests = [["1\n", "1 False\n"], ["2\n", "2 False\n"]]
import math

had = hasattr(math, "c")
math.c = int(input())
print(math.c, had)
