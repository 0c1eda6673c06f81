"""AtCoder abc396_e, Min of Restricted Sum: any good sequence of the smallest sum."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    n, _, *numbers = map(int, given.split())
    answer = Answer(actual)
    values = answer.integers(n, 0, 2**62, "a number")
    answer.end()
    for one, other, wanted in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        if values[one - 1] ^ values[other - 1] != wanted:
            raise Wrong(f"the XOR of numbers {one} and {other} is not {wanted}")
    refuse_impossible(expected, "-1")
    total, smallest = sum(values), sum(map(int, expected.split()))
    if total > smallest:
        raise Wrong(f"the sum is {total}, the smallest is {smallest}")
    if total < smallest:
        raise ValueError(f"the program's sum is {total}, below the expected output's {smallest}")
