"""AtCoder abc350_c, Sort: any swaps that sort, at most N - 1."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    n, *row = map(int, given.split())
    answer = Answer(actual)
    for _ in range(answer.integer(0, n - 1, "K")):
        left, right = answer.integers(2, 1, n, "a position")
        if left >= right:
            raise Wrong(f"positions {left} and {right} are not in ascending order")
        row[left - 1], row[right - 1] = row[right - 1], row[left - 1]
    answer.end()
    if row != list(range(1, n + 1)):
        raise Wrong("the swaps do not sort")
