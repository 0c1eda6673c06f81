import sys

n, *cows = map(int, sys.stdin.read().split())
print(sum(ahead > behind for ahead, behind in zip(cows, cows[1:])))
