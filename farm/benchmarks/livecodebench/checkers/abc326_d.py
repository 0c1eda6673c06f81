"""AtCoder abc326_d, ABC Puzzle: any filled grid."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong, refuse_impossible, says_there_is_none


def check(given: str, expected: str, actual: str) -> None:
    if says_there_is_none(actual, expected, "No"):
        return
    size, firsts, tops = given.split()
    n = int(size)
    answer = Answer(actual)
    if answer.word("Yes or No") != "Yes":
        raise Wrong("neither Yes nor No")
    rows = [answer.word("a row") for _ in range(n)]
    answer.end()
    if any(len(row) != n for row in rows):
        raise Wrong(f"a row has not {n} cells")
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    for line, first in zip(rows + columns, firsts + tops, strict=True):
        written = line.replace(".", "")
        if sorted(written) != ["A", "B", "C"]:
            raise Wrong("a row or column does not have one A, one B and one C")
        if written[0] != first:
            raise Wrong(f"a row or column begins with {written[0]}, not {first}")
    refuse_impossible(expected, "No")
