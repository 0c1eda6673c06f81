"""AtCoder arc190_a, Inside or Outside: any cheapest choice of operations that covers all."""

from __future__ import annotations

from itertools import accumulate

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    n, m, *bounds = map(int, given.split())
    answer = Answer(actual)
    said = answer.integer(0, m, "K")
    changes = [0] * (n + 1)  # of how many operations cover a place, from one place to the next
    cost = 0
    for low, high in zip(bounds[::2], bounds[1::2], strict=True):
        kind = answer.integer(0, 2, "an operation")
        cost += kind > 0
        if kind == 1:
            changes[low - 1] += 1
            changes[high] -= 1
        elif kind == 2:
            changes[0] += 1
            changes[low - 1] -= 1
            changes[high] += 1
    answer.end()
    if not all(accumulate(changes[:n])):
        raise Wrong("a place stays 0")
    refuse_impossible(expected, "-1")
    cheapest = int(expected.split()[0])
    if said != cost:
        raise Wrong(f"K is {said}, the operations cost {cost}")
    if cost > cheapest:
        raise Wrong(f"the operations cost {cost}, {cheapest} are enough")
    if cost < cheapest:
        raise ValueError(f"the program's operations cost {cost}, the expected output says {cheapest}")
