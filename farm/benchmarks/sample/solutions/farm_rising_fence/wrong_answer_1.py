import sys
from bisect import bisect_right

n, *posts = map(int, sys.stdin.read().split())
ends = []
for post in posts:
    i = bisect_right(ends, post)
    ends[i : i + 1] = [post]
print(len(ends))
