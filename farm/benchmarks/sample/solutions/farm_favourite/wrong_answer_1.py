import sys
from collections import Counter

names = sys.stdin.read().split()[1:]
print(Counter(names).most_common(1)[0][0])
