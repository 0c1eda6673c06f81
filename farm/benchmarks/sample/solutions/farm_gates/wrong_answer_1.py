walk = input().strip()
depth = deepest = 0
possible = True
for gate in walk:
    depth += 1 if gate in "([" else -1
    deepest = max(deepest, depth)
    if depth < 0:
        possible = False
print(deepest if possible and depth == 0 else -1)
