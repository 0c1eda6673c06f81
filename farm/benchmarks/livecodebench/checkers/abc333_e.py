"""AtCoder abc333_e, Takahashi Quest: any choice of potions that needs to carry the fewest at a time."""

from __future__ import annotations

from collections import Counter

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "-1"):
        return
    n, *numbers = map(int, given.split())
    events = list(zip(numbers[::2], numbers[1::2], strict=True))
    answer = Answer(actual)
    said = answer.integer(0, n, "K")
    held: Counter[int] = Counter()
    carried = most = 0
    for kind, potion in events:
        if kind == 1:
            taken = answer.integer(0, 1, "an action")
            held[potion] += taken
            carried += taken
            most = max(most, carried)
        elif not held[potion]:
            raise Wrong(f"no potion against a monster of type {potion}")
        else:
            held[potion] -= 1
            carried -= 1
    answer.end()
    refuse_impossible(expected, "-1")
    fewest = int(expected.split()[0])
    if said != most:
        raise Wrong(f"K is {said}, but the actions carry {most}")
    if most > fewest:
        raise Wrong(f"the actions carry {most}, {fewest} are enough")
    if most < fewest:
        raise ValueError(f"the program carries {most}, the expected output says {fewest} are needed")
