walk = input().strip()


def inner(i):
    """The depth of what begins at i and the index behind it, or (-1, -1)."""
    deepest = 0
    while i < len(walk) and walk[i] in "([":
        depth, end = inner(i + 1)
        if depth < 0 or end >= len(walk) or walk[i] + walk[end] not in ("()", "[]"):
            return -1, -1
        deepest = max(deepest, depth + 1)
        i = end + 1
    return deepest, i


depth, end = inner(0)
print(depth if end == len(walk) else -1)
