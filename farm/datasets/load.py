"""From a source and a selection to problems, in two passes over the files.

The first pass reads headers alone, so that `--limit` can draw its problems; the second decodes the chosen rows'
tests, one row at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.benchmarks.rows import Tests
from farm.datasets.reader import Place, ReadLog, read_headers, read_problems
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import Selection, excluded, select
from farm.errors import DatasetError
from farm.records import Problem


def load_problems(
    source: DatasetSource,
    selection: Selection,
    *,
    tests: Tests = "all",
    skip_bad_rows: bool = False,
    log: ReadLog | None = None,
) -> Iterator[Problem]:
    """The selected problems of `source`, in dataset order, one in memory at a time.

    With `skip_bad_rows` a chosen row whose tests prove bad is left out and not replaced; `log` names it,
    and it names the problems that the selection leaves out.
    Raises DatasetError as `read_problems` and `select` do, and when a file changes between the passes.
    """
    log = ReadLog() if log is None else log
    if selection.takes_all:
        yield from read_problems(source.paths, tests=tests, skip_bad_rows=skip_bad_rows, log=log)
        return
    headers = list(read_headers(source.paths, skip_bad_rows=skip_bad_rows, log=log))
    chosen: dict[Place, str] = {header.place: header.problem_id for header in select(headers, selection)}
    expected = set(chosen.values())
    log.unselected.update(header.problem_id for header in headers if header.problem_id not in expected)
    log.excluded.update(excluded(headers, selection))
    for problem in read_problems(source.paths, tests=tests, skip_bad_rows=skip_bad_rows, log=log, places=chosen.keys()):
        if problem.problem_id not in expected:
            raise _changed(source, problem.problem_id)
        expected.remove(problem.problem_id)
        handed = [problem]
        del problem  # it may take 100 MB: see reader
        yield handed.pop()
    lost = expected - {problem_id for place, problem_id in chosen.items() if place in log.places}
    if lost:
        raise _changed(source, min(lost))


def _changed(source: DatasetSource, problem_id: str) -> DatasetError:
    return DatasetError(
        f"the file changed while it was read (problem {problem_id})", path=source.source, remedy="start again"
    )
