#: output = "3\n"
from __future__ import annotations


def add(a: Undefined, b: AlsoUndefined) -> Nothing:
    return a + b


print(add(1, 2))
