import sys

data = list(map(int, sys.stdin.read().split()))
n, q = data[:2]
kinds = data[2 : n + 2]
questions = [[] for _ in range(n + 1)]
for number in range(q):
    low, high = data[n + 2 + 2 * number : n + 4 + 2 * number]
    questions[high].append((low, number))
tree = [0] * (n + 1)
last = {}
answers = [0] * q
for place, kind in enumerate(kinds, 1):
    before = last.get(kind, 0)
    while 0 < before <= n:
        tree[before] -= 1
        before += before & -before
    i = place
    while i <= n:
        tree[i] += 1
        i += i & -i
    last[kind] = place
    for low, number in questions[place]:
        count, i = len(last), low - 1
        while i:
            count -= tree[i]
            i &= i - 1
        answers[number] = count
print("\n".join(map(str, answers)))
