#: output = "2047\n"
def walk(level):
    yield level
    if level < 10:
        yield from walk(level + 1)
        yield from walk(level + 1)


print(sum(1 for _ in walk(0)))
