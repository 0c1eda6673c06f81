import sys

n, target, *weights = map(int, sys.stdin.read().split())
pairs = 0
for i in range(n):
    for j in range(i + 1, n):
        if weights[i] + weights[j] == target:
            pairs += 1
print(pairs)
