import sys
from collections import Counter

n, target, *weights = map(int, sys.stdin.read().split())
seen = Counter()
pairs = 0
for weight in weights:
    pairs += seen[target - weight]
    seen[weight] += 1
print(pairs)
