import sys
from itertools import accumulate

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
total = [0, *accumulate(data[2 : n + 2])]
for i in range(n + 2, n + 2 + 2 * q, 2):
    print(total[data[i + 1]] - total[data[i]])
