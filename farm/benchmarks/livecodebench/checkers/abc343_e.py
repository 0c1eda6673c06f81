"""AtCoder abc343_e, 7x7x7: any three cubes with these volumes of overlap."""

from __future__ import annotations

from itertools import combinations
from math import prod

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none

_SIDE = 7
Corner = tuple[int, ...]


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "No"):
        return
    answer = Answer(actual)
    if answer.word("Yes or No") != "Yes":
        raise Wrong("neither Yes nor No")
    numbers = answer.integers(9, -100, 100, "a coordinate")
    answer.end()
    cubes = [tuple(numbers[place : place + 3]) for place in (0, 3, 6)]
    in_three = _common(cubes)
    in_two = sum(_common(pair) for pair in combinations(cubes, 2)) - 3 * in_three
    in_one = 3 * _SIDE**3 - 2 * in_two - 3 * in_three
    if [in_one, in_two, in_three] != list(map(int, given.split())):
        raise Wrong(f"the volumes are {in_one}, {in_two} and {in_three}")
    refuse_impossible(expected, "No")


def _common(cubes: list[Corner] | tuple[Corner, ...]) -> int:
    """The volume that all cubes share."""
    return prod(max(0, min(sides) + _SIDE - max(sides)) for sides in zip(*cubes, strict=True))
