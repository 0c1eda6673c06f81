import sys

n, *cows = map(int, sys.stdin.read().split())
quarrels = 0
for i in range(n):
    for j in range(i):
        if cows[j] > cows[i]:
            quarrels += 1
print(quarrels)
