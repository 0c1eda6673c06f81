"""AtCoder abc311_c, Find it!: any directed cycle."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    n, *follows = map(int, given.split())
    answer = Answer(actual)
    size = answer.integer(2, n, "the length")
    cycle = answer.integers(size, 1, n, "a vertex")
    answer.end()
    if len(set(cycle)) != size:
        raise Wrong("a vertex occurs twice")
    for here, there in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        if follows[here - 1] != there:
            raise Wrong(f"no edge from {here} to {there}")
