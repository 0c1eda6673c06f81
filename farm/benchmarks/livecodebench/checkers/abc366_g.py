"""AtCoder abc366_g, XOR Neighbors: any numbers whose XOR over each vertex' neighbours is zero."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "No"):
        return
    n, _, *ends = map(int, given.split())
    answer = Answer(actual)
    if answer.word("Yes or No") != "Yes":
        raise Wrong("neither Yes nor No")
    numbers = answer.integers(n, 1, 2**60 - 1, "a number")
    answer.end()
    totals = [0] * n
    for one, other in zip(ends[::2], ends[1::2], strict=True):
        totals[one - 1] ^= numbers[other - 1]
        totals[other - 1] ^= numbers[one - 1]
    if any(totals):
        raise Wrong("the neighbours of a vertex do not cancel out")
    refuse_impossible(expected, "No")
