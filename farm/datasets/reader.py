"""Dataset files, row by row.

A release is gigabytes long, so nothing here holds more than one row. `read_headers` gives what a
selection needs without touching the private tests; `read_problems` then loads the rows that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from farm.datasets.formats import Format, format_of
from farm.datasets.jsonl import MAX_ROW_BYTES, parse_object, read_lines
from farm.datasets.rows import Fields, RowError, Tests
from farm.errors import DatasetError
from farm.records import BadRow, Difficulty, Problem
from farm.text import one_line

Paths = str | Path | Sequence[str | Path]

KEPT_BAD_ROWS = 1000


class Place(NamedTuple):
    """Where a problem is written: file and line number, from 1."""

    path: str
    row: int


class ProblemHeader(NamedTuple):
    """What a selection needs to know of a problem, and where it stands."""

    problem_id: str
    platform: str
    difficulty: Difficulty
    contest_date: str  # ISO 8601, empty if unknown
    place: Place


R = TypeVar("R", Problem, ProblemHeader)


@dataclass
class ReadLog:
    """What became of the rows; the readers fill it in. One row is counted once per log."""

    loaded: int = 0
    skipped: int = 0
    bad: list[BadRow] = field(default_factory=list)  # the first thousand of the skipped
    reasons: list[str] = field(default_factory=list)  # of the same, as `path:row: reason`
    places: set[Place] = field(default_factory=set)  # of all skipped rows
    unselected: set[str] = field(default_factory=set)  # ids that the selection leaves out
    excluded: set[str] = field(default_factory=set)  # of these, the ones that its `without` alone keeps out

    def skip(self, place: Place, problem_id: str, error: DatasetError) -> None:
        """Count a bad row, by name where it has one."""
        if place in self.places:
            return
        self.places.add(place)
        self.skipped += 1
        if len(self.bad) < KEPT_BAD_ROWS:
            reason = str(error).removeprefix(f"{place.path}:{place.row}: ").removeprefix(f"{problem_id}: ")
            where = f"{Path(place.path).name}:{place.row}"
            self.bad.append(BadRow(place=where, problem_id=one_line(problem_id), reason=one_line(reason)))
            self.reasons.append(str(error))


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
    cannot be read and names them in `log`; otherwise the first stops the load. Raises DatasetError with
    `path:row` for such a row, for an id that occurred before, for a file that cannot be read to its end
    (never skipped: nobody knows what it held), and when no problem is left.
    """
    log = ReadLog() if log is None else log

    def parse(form: Format, fields: Fields, place: Place) -> Problem:
        return form.problem_of(fields, tests)

    for problem in _read(paths, parse, log, skip_bad_rows, max_row_bytes, places):
        log.loaded += 1
        handed = [problem]
        del problem
        yield handed.pop()


def read_headers(
    paths: Paths,
    *,
    skip_bad_rows: bool = False,
    log: ReadLog | None = None,
    max_row_bytes: int = MAX_ROW_BYTES,
) -> Iterator[ProblemHeader]:
    """The header of each problem, tests undecoded. Errors and skipping as in `read_problems`."""
    log = ReadLog() if log is None else log

    def parse(form: Format, fields: Fields, place: Place) -> ProblemHeader:
        return ProblemHeader(*form.header_of(fields), place)

    yield from _read(paths, parse, log, skip_bad_rows, max_row_bytes)


def as_paths(paths: Paths) -> tuple[Path, ...]:
    """One path or several, as a tuple."""
    return (Path(paths),) if isinstance(paths, str | Path) else tuple(Path(path) for path in paths)


def _read(
    paths: Paths,
    parse: Callable[[Format, Fields, Place], R],
    log: ReadLog,
    skip_bad_rows: bool,
    max_row_bytes: int,
    places: Collection[Place] | None = None,
) -> Iterator[R]:
    """What `parse` makes of each row, in order.

    No name here is bound to a row or value while the caller works with it or the next row is read: each
    may take 100 MB, so that it counts whether two of them are there at a time.
    """
    seen: dict[str, Place] = {}
    for path in as_paths(paths):
        for line in read_lines(path, max_row_bytes=max_row_bytes):
            place = Place(str(path), line.row)
            if places is not None and place not in places:
                continue
            problem_id = ""
            try:
                fields = parse_object(line, place.path)
                del line
                form = format_of(fields)
                try:
                    values = [parse(form, fields, place)]
                except RowError as exc:
                    problem_id = form.id_of(fields)
                    name = f"{one_line(problem_id)}: " if problem_id else ""
                    raise DatasetError(f"{name}{exc}", path=place.path, row=place.row) from exc
                finally:
                    del fields
                problem_id = values[0].problem_id
                _note(seen, problem_id, place)
            except DatasetError as exc:
                if not skip_bad_rows:
                    raise
                log.skip(place, problem_id, exc)
                continue
            yield values.pop()
    if not seen:
        raise _empty(paths, log)


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
