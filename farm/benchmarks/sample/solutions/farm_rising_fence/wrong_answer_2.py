import sys

n, *posts = map(int, sys.stdin.read().split())
longest = run = 1
for left, right in zip(posts, posts[1:]):
    run = run + 1 if right > left else 1
    longest = max(longest, run)
print(longest)
