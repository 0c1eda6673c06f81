"""AtCoder arc185_c, Sum of Three Integers: any three positions with that sum."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    n, wanted, *numbers = map(int, given.split())
    answer = Answer(actual)
    first, second, third = answer.integers(3, 1, n, "a position")
    answer.end()
    if not first < second < third:
        raise Wrong("the positions are not in ascending order")
    total = numbers[first - 1] + numbers[second - 1] + numbers[third - 1]
    if total != wanted:
        raise Wrong(f"the sum is {total}")
    refuse_impossible(expected, "-1")
