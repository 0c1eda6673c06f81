"""AtCoder abc315_e, Prerequisites: the needed books in any order that reads a book's prerequisites first."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    n, *rows = given.split("\n")
    before = [[int(book) for book in row.split()[1:]] for row in rows[: int(n)]]
    needed, todo = {1}, [1]
    while todo:
        for book in before[todo.pop() - 1]:
            if book not in needed:
                needed.add(book)
                todo.append(book)
    answer = Answer(actual)
    order = answer.integers(len(needed) - 1, 2, int(n), "a book")
    answer.end()
    read: set[int] = set()
    for book in [*order, 1]:
        if book not in needed or book in read:
            raise Wrong(f"book {book} is read without need")
        if not read.issuperset(before[book - 1]):
            raise Wrong(f"book {book} is read before what it assumes")
        read.add(book)
