import sys
from collections import Counter

names = sys.stdin.read().split()[1:]
counts = Counter(names)
print(min(counts, key=lambda name: (-counts[name], name)))
