#: number = 25
#: want = ["WRONG_ANSWER"]
#: output = "6\n"
#: limits = { cpu_s = 6.0 }
# One character outside the first plane makes each of 15 million four bytes wide, in two lines that are to be stripped.
import sys

sys.stdout.write(" " + "1" * 15_000_000 + "\U0001f600 \n 2 ")
