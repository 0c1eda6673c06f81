"""Datasets of LiveCodeBench's schema, row by row.

A release is gigabytes long, so nothing here holds more than one row. `read_headers` gives what a
selection needs without touching the private tests; `read_problems` then loads the rows that were chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from farm.datasets.jsonl import MAX_ROW_BYTES, Line, parse_object, read_lines
from farm.datasets.lcb import Tests, parse_head, parse_row
from farm.errors import DatasetError
from farm.records import Difficulty, Problem

Paths = str | Path | Sequence[str | Path]

_KEPT_REASONS = 100


class Place(NamedTuple):
    """Where a problem is written: file and line number, from 1."""

    path: str
    row: int


class ProblemHeader(NamedTuple):
    """What a selection needs to know of a problem."""

    problem_id: str
    platform: str
    difficulty: Difficulty
    contest_date: str  # ISO 8601, empty if unknown
    place: Place


@dataclass
class ReadLog:
    """What became of the rows; the reader fills it in. One row is counted once per log."""

    loaded: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)  # of the first 100 skipped rows, as `path:row: reason`
    places: set[Place] = field(default_factory=set)  # of the skipped rows

    def skip(self, place: Place, reason: str) -> None:
        if place in self.places:
            return
        self.places.add(place)
        self.skipped += 1
        if len(self.reasons) < _KEPT_REASONS:
            self.reasons.append(reason)


def read_problems(
    paths: Paths,
    *,
    tests: Tests = "all",
    skip_bad_rows: bool = False,
    log: ReadLog | None = None,
    places: Collection[Place] | None = None,
    max_row_bytes: int = MAX_ROW_BYTES,
) -> Iterator[Problem]:
    """The problems of one file, or of several one after the other, in their order.

    `places` limits it to those rows; others are not even parsed. `skip_bad_rows` leaves out rows that
    cannot be read and notes them in `log`; otherwise the first stops the load. Raises DatasetError with
    `path:row` for such a row, for an id that occurred before, for a file that cannot be read to its end
    (never skipped: nobody knows what it held), and when no problem is left.
    """
    log = ReadLog() if log is None else log
    seen: dict[str, Place] = {}
    for place, line in _lines(paths, max_row_bytes):
        if places is not None and place not in places:
            continue
        try:
            problem = parse_row(_data(line, place), path=place.path, row_number=place.row, tests=tests)
            _note(seen, problem.problem_id, place)
        except DatasetError as exc:
            if not skip_bad_rows:
                raise
            log.skip(place, str(exc))
            continue
        log.loaded += 1
        yield problem
    if not seen:
        raise _empty(paths, log)


def read_headers(
    paths: Paths,
    *,
    skip_bad_rows: bool = False,
    log: ReadLog | None = None,
    max_row_bytes: int = MAX_ROW_BYTES,
) -> Iterator[ProblemHeader]:
    """The header of each problem, tests undecoded. Errors and skipping as in `read_problems`."""
    log = ReadLog() if log is None else log
    seen: dict[str, Place] = {}
    for place, line in _lines(paths, max_row_bytes):
        try:
            head = parse_head(_data(line, place), path=place.path, row_number=place.row)
            _note(seen, head.problem_id, place)
        except DatasetError as exc:
            if not skip_bad_rows:
                raise
            log.skip(place, str(exc))
            continue
        yield ProblemHeader(head.problem_id, head.platform, head.difficulty, head.contest_date, place)
    if not seen:
        raise _empty(paths, log)


def as_paths(paths: Paths) -> tuple[Path, ...]:
    """One path or several, as a tuple."""
    return (Path(paths),) if isinstance(paths, str | Path) else tuple(Path(path) for path in paths)


def _lines(paths: Paths, max_row_bytes: int) -> Iterator[tuple[Place, Line]]:
    for path in as_paths(paths):
        for line in read_lines(path, max_row_bytes=max_row_bytes):
            yield Place(str(path), line.row), line


def _data(line: Line, place: Place) -> bytes:
    if line.data is None:
        parse_object(line, place.path)  # raises: the row is too large
    assert line.data is not None
    return line.data


def _note(seen: dict[str, Place], problem_id: str, place: Place) -> None:
    if problem_id in seen:
        first = seen[problem_id]
        raise DatasetError(
            f"question_id {problem_id} occurs in {first.path}:{first.row} already", path=place.path, row=place.row
        )
    seen[problem_id] = place


def _empty(paths: Paths, log: ReadLog) -> DatasetError:
    where = ", ".join(str(path) for path in as_paths(paths))
    if log.skipped:
        return DatasetError(
            f"no problem could be read, {log.skipped} bad rows were skipped; the first: {log.reasons[0]}", path=where
        )
    return DatasetError("the dataset holds no problem", path=where)
