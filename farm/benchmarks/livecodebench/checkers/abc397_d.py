"""AtCoder abc397_d, Cubes: any pair with that difference of cubes."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    answer = Answer(actual)
    x, y = answer.integers(2, 1, 10**18, "a number")
    answer.end()
    if x**3 - y**3 != int(given):
        raise Wrong("the cubes do not differ by N")
    refuse_impossible(expected, "-1")
