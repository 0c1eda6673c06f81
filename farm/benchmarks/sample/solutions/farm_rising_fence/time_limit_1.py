import sys

n, *posts = map(int, sys.stdin.read().split())
best = []
for i in range(n):
    longest = 0
    for j in range(i):
        if posts[j] < posts[i] and best[j] > longest:
            longest = best[j]
    best.append(longest + 1)
print(max(best))
