import sys

n, target, *weights = map(int, sys.stdin.read().split())
seen = [0] * (target + 1)
pairs = 0
for weight in weights:
    if weight <= target:
        pairs += seen[target - weight]
        seen[weight] += 1
print(pairs)
