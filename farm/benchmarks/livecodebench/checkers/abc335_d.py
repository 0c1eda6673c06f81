"""AtCoder abc335_d, Loong and Takahashi: any way to lay the dragon around the centre."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    n = int(given)
    centre = n // 2, n // 2
    answer = Answer(actual)
    places: dict[int, tuple[int, int]] = {}
    for row in range(n):
        for column in range(n):
            if (row, column) == centre:
                if answer.word("T") != "T":
                    raise Wrong("Takahashi is not at the centre")
                continue
            places[answer.integer(1, n * n - 1, "a part")] = row, column
    answer.end()
    if len(places) != n * n - 1:
        raise Wrong("a part occurs twice")
    for part in range(2, n * n):
        (row, column), (last_row, last_column) = places[part], places[part - 1]
        if abs(row - last_row) + abs(column - last_column) != 1:
            raise Wrong(f"parts {part - 1} and {part} are not adjacent")
