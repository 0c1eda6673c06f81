import sys
from bisect import bisect_left

n, *posts = map(int, sys.stdin.read().split())
ends = []
for post in posts:
    i = bisect_left(ends, post)
    if i == len(ends):
        ends.append(post)
    else:
        ends[i] = post
print(len(ends))
