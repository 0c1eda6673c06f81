walk = input().strip()
inside = []
deepest = 0
for gate in walk:
    if gate in "([":
        inside.append(gate)
        deepest = max(deepest, len(inside))
    elif inside.pop() + gate not in ("()", "[]"):
        print(-1)
        raise SystemExit
print(-1 if inside else deepest)
