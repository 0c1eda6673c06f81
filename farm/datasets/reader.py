"""Dataset files, row by row.

A release is gigabytes long, so nothing here holds more than one row. `read_headers` gives what a
selection needs without touching the private tests; `read_problems` then loads the rows that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from farm.benchmarks.benchmark import Rows
from farm.benchmarks.registry import benchmark_of, registry
from farm.benchmarks.rows import Fields, RowError, Tests
from farm.datasets.jsonl import MAX_ROW_BYTES, parse_object, read_lines
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
    (never skipped: what it held is unknown), and when no problem is left.
    """
    log = ReadLog() if log is None else log

    def parse(reader: Rows, fields: Fields, place: Place) -> Problem:
        problem = reader.problem_of(fields, tests)
        if not isinstance(problem, Problem):
            raise TypeError(f"problem_of gave {type(problem).__name__}, not Problem")
        return problem

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

    def parse(reader: Rows, fields: Fields, place: Place) -> ProblemHeader:
        return ProblemHeader(*reader.header_of(fields), place)

    yield from _read(paths, parse, log, skip_bad_rows, max_row_bytes)


def as_paths(paths: Paths) -> tuple[Path, ...]:
    """One path or several, as a tuple."""
    return (Path(paths),) if isinstance(paths, str | Path) else tuple(Path(path) for path in paths)


def _read(
    paths: Paths,
    parse: Callable[[Rows, Fields, Place], R],
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
                try:
                    values = [_parsed(fields, place, parse)]
                except RowError as exc:
                    problem_id = id_of(fields)
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


def dataset_of(path: Path) -> str:
    """The benchmark that a file's first row is of; empty if that cannot be told."""
    try:
        for line in read_lines(path):
            return benchmark_of(parse_object(line, path)).name
    except (DatasetError, RowError):
        pass  # the reader of the whole file reports it, with the row's number
    return ""


def id_of(fields: Fields) -> str:
    """The problem's id as far as it can be read from a row that may be bad; else empty."""
    value = readable_id(fields) or fields.get("question_id") or fields.get("task_id")
    return str(value)[:200] if isinstance(value, str | int) else ""


def readable_id(fields: Fields) -> str:
    """The id that the row's benchmark gives the problem; empty if no benchmark can read so much of it."""
    try:
        rows = benchmark_of(fields).rows
        return "" if rows is None else rows.header_of(fields).problem_id
    except Exception:  # noqa: BLE001 - a benchmark may come from any package, and the row may be a bad one
        return ""


def _parsed(fields: Fields, place: Place, parse: Callable[[Rows, Fields, Place], R]) -> R:
    """What the row's benchmark makes of it. RowError for a bad row, and for a reader that fails on one."""
    benchmark = benchmark_of(fields)
    assert benchmark.rows is not None
    try:
        return parse(benchmark.rows, fields, place)
    except RowError:
        raise
    except Exception as exc:  # a benchmark may come from any package
        name = registry().named(benchmark.name)
        raise RowError(f"the reader of {name} failed: {type(exc).__name__}: {one_line(str(exc), 200)}") from exc


def _note(seen: dict[str, Place], problem_id: str, place: Place) -> None:
    if problem_id in seen:
        first = seen[problem_id]
        raise DatasetError(
            f"problem id {problem_id!r} occurs in {first.path}:{first.row} already", path=place.path, row=place.row
        )
    seen[problem_id] = place


def _empty(paths: Paths, log: ReadLog) -> DatasetError:
    where = ", ".join(str(path) for path in as_paths(paths))
    if log.skipped:
        return DatasetError(
            f"no problem could be read, {log.skipped} bad rows were skipped; the first: {log.reasons[0]}", path=where
        )
    return DatasetError("the dataset holds no problem", path=where)
