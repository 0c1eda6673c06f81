import sys
from collections import Counter

n, target, *weights = map(int, sys.stdin.read().split())
counts = Counter(weights)
print(sum(counts[weight] * counts[target - weight] for weight in list(counts)) // 2)
