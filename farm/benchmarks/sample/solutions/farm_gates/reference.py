walk = input().strip()
inside = []
deepest = 0
possible = True
for gate in walk:
    if gate in "([":
        inside.append(gate)
        deepest = max(deepest, len(inside))
    elif not inside or inside.pop() + gate not in ("()", "[]"):
        possible = False
        break
print(deepest if possible and not inside else -1)
