"""AtCoder abc373_g, No Cross Matching: any matching whose segments do not meet."""

from __future__ import annotations

from itertools import combinations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none

Point = tuple[int, int]


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    n, *numbers = map(int, given.split())
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    answer = Answer(actual)
    partners = answer.integers(n, 1, n, "a partner")
    answer.end()
    if len(set(partners)) != n:
        raise Wrong("a partner occurs twice")
    segments = [(points[place], points[n + partner - 1]) for place, partner in enumerate(partners)]
    if any(_cross(one, other) for one, other in combinations(segments, 2)):
        raise Wrong("two segments cross")
    refuse_impossible(expected, "-1")


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two segments meet. No three points lie on one line, so each end is on one side of the other segment."""
    (a, b), (c, d) = one, other
    return (_left(a, b, c) != _left(a, b, d)) and (_left(c, d, a) != _left(c, d, b))


def _left(start: Point, end: Point, point: Point) -> bool:
    return (end[0] - start[0]) * (point[1] - start[1]) > (end[1] - start[1]) * (point[0] - start[0])
