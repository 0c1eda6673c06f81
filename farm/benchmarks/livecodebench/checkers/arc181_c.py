"""AtCoder arc181_c, Row and Column Order: any grid whose rows and columns are in the given orders."""

from __future__ import annotations

from itertools import pairwise

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    n, *numbers = map(int, given.split())
    answer = Answer(actual)
    rows = [answer.word("a row") for _ in range(n)]
    answer.end()
    if any(len(row) != n or row.strip("01") for row in rows):
        raise Wrong(f"a row is not made of {n} digits 0 and 1")
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    for lines, order in ((rows, numbers[:n]), (columns, numbers[n:])):
        if any(lines[one - 1] >= lines[other - 1] for one, other in pairwise(order)):
            raise Wrong("rows or columns are not in the given order")
