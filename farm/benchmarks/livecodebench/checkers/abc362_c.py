"""AtCoder abc362_c, Sum = 0: any sequence within its bounds whose sum is zero."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "No"):
        return
    _, *bounds = map(int, given.split())
    answer = Answer(actual)
    if answer.word("Yes or No") != "Yes":
        raise Wrong("neither Yes nor No")
    pairs = zip(bounds[::2], bounds[1::2], strict=True)
    total = sum(answer.integer(low, high, "a number") for low, high in pairs)
    answer.end()
    if total:
        raise Wrong(f"the sum is {total}")
    refuse_impossible(expected, "No")
