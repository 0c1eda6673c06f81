import sys

n, *cows = map(int, sys.stdin.read().split())
rank = {number: i + 1 for i, number in enumerate(sorted(set(cows)))}
size = len(rank)
tree = [0] * (size + 1)
quarrels = 0
for seen, cow in enumerate(cows):
    i = rank[cow]
    not_larger = 0
    while i:
        not_larger += tree[i]
        i &= i - 1
    quarrels += seen - not_larger
    i = rank[cow]
    while i <= size:
        tree[i] += 1
        i += i & -i
print(quarrels)
