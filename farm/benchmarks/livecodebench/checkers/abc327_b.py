"""AtCoder abc327_b, A^A: any A of that power, or -1."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none

_MOST = 15  # 16 ** 16 is above 10 ** 18


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    answer = Answer(actual)
    base = answer.integer(1, _MOST, "A")
    answer.end()
    if base**base != int(given):
        raise Wrong(f"{base} to the power of itself is {base**base}")
    refuse_impossible(expected, "-1")
