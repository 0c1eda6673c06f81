#: input = "3\n1 2 3\n"
#: output = "6\n"
#: needs = "numpy"
import sys

import numpy as np

n = int(sys.stdin.readline())
print(np.array(sys.stdin.readline().split(), dtype=np.int64)[:n].sum())
