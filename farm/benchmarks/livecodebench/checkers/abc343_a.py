"""AtCoder abc343_a, Wrong Answer: any digit but the sum."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    answer = Answer(actual)
    digit = answer.integer(0, 9, "the digit")
    answer.end()
    if digit == sum(map(int, given.split())):
        raise Wrong(f"{digit} is the sum")
