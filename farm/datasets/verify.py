"""Whether a dataset on this machine is whole: every byte read again, every test decoded.

A run meets a bad row only when it selects it, after hours perhaps. This meets all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from farm.benchmarks.benchmark import DataFile
from farm.benchmarks.registry import benchmarks
from farm.datasets.pulling.pulled import file_digest, read_note
from farm.datasets.reader import ReadLog, read_problems
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import ProblemsDigest
from farm.errors import DatasetError
from farm.records import Problem
from farm.text import longest_integer, one_line

# Of an integer in a test, for Tenstorrent's grader; a test beyond LiveCodeBench's limit is a bad row already
TT_INT_DIGITS = 4_300


@dataclass
class Findings:
    """What a check of a dataset found. It is whole if `faults` is empty."""

    problems: int = 0
    tests: int = 0
    digest: str = ""  # as a run on all of it would report
    faults: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)


def verify(source: DatasetSource, on_step: Callable[[str], None]) -> Findings:
    """Compare the files with the pull's note, read all rows, decode all tests. `on_step` hears how far it is.

    Bad rows and differing files are findings, not errors. DatasetError only for a note that is none.
    """
    found = Findings()
    _check_files(source, found, on_step)
    log, digest = ReadLog(), ProblemsDigest()
    try:
        for problem in read_problems(source.paths, skip_bad_rows=True, log=log):
            digest.add(problem)
            found.problems += 1
            found.tests += len(problem.tests)
            if odd := _odd_tests(problem):
                found.cautions.append(f"{problem.problem_id}: {odd}")
            on_step(f"{source.name}: {found.problems} problems, {found.tests} tests decoded")
    except DatasetError as exc:
        found.faults.append(str(exc))
    found.digest = digest.hexdigest() if found.problems else ""
    found.faults += log.reasons
    if log.skipped > len(log.reasons):
        found.faults.append(f"and {log.skipped - len(log.reasons)} bad rows more")
    _compare_rows(source, found, found.problems + log.skipped)
    return found


def _compare_rows(source: DatasetSource, found: Findings, rows: int) -> None:
    """A file that ends early between two rows has no other sign, unless farm pulled it."""
    wanted = {file.name: file.rows for file in _known_files(source)}
    names = [path.name.removesuffix(".gz") for path in source.paths]
    total = sum(count for name, count in wanted.items() if name.removesuffix(".gz") in names)
    if wanted and rows != total:
        found.cautions.append(f"{rows} rows, the usual revision has {total}")


def _known_files(source: DatasetSource) -> tuple[DataFile, ...]:
    """The files that a source named or laid out as a known benchmark should have; none for a user's own file."""
    benchmark = benchmarks().get(source.dataset)
    if benchmark is None or benchmark.download is None or not (source.release or source.name == source.dataset):
        return ()
    return benchmark.download.files


def _check_files(source: DatasetSource, found: Findings, on_step: Callable[[str], None]) -> None:
    for path in source.paths:
        note = read_note(path.parent).files.get(path.name)
        if note is None:
            if _known_files(source):
                found.cautions.append(f"{path.name}: not pulled by farm, so there is no digest to compare with")
            continue
        on_step(f"{source.name}: reading {path.name}")
        try:
            size, digest = path.stat().st_size, file_digest(path)
        except OSError as exc:
            found.faults.append(f"{path}: cannot read: {exc.strerror or exc}")
            continue
        if size != note.size:
            found.faults.append(f"{path}: has {size} bytes, {note.size} were pulled")
        elif digest != note.sha256:
            found.faults.append(f"{path}: SHA-256 {digest[:12]}... differs from {note.sha256[:12]}... that was pulled")


def _odd_tests(problem: Problem) -> str:
    """A functional test whose text is no JSON: the official grader fails every program on it."""
    if not problem.functional:
        return ""
    for index, test in enumerate(problem.tests):
        try:
            digits = max(map(longest_integer, (*test.input.split("\n"), test.output)))
        except (ValueError, RecursionError) as exc:
            return f"test {index} is not JSON ({one_line(str(exc), 60)}): mode lcb fails every program on it"
        if digits > TT_INT_DIGITS:
            return f"test {index} has an integer of {digits} digits: mode lcb-tt fails every program on it"
    return ""
