"""Rows of completions that exist already, for `farm grade` and `farm import`.

A row has an id (`question_id`, `task_id`, `problem_id` or `id`), an optional `index` (default: counts up per problem)
and an answer: the model's raw text (`output`, `response`, `completion`, `generation` or `answer`), from which the
protocol extracts, or a program (`code`, `program` or `solution`). Where both are given, the program is what was
extracted from the text elsewhere. Null is an empty answer, and an empty program says that nothing could be extracted.
Other fields are ignored. `farm.datasets.answers` says in which files such rows may stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.datasets.jsonl import parse_object, read_lines
from farm.errors import DatasetError
from farm.records.base import MAX_INDEX
from farm.scoring.extract import FENCE, GIVEN_AS_CODE, unfenced
from farm.text import json_type, one_line

# One model answer; 128 000 tokens of reasoning are about half a megabyte.
MAX_COMPLETION_BYTES = 64 << 20
# Names of fields, in the order in which one is preferred to the others
IDS = ("question_id", "task_id", "problem_id", "id")
ANSWERS = ("output", "response", "completion", "generation", "answer")
PROGRAMS = ("code", "program", "solution")
NO_TOOL = "the file"  # where nothing says which tool wrote it


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """One completion: at least one of `output` and `code` is not None. Either may hold any text.

    Without an id, the problem is that at `place` among the run's problems, or the one whose statement is in `asked`.
    """

    question_id: str
    index: int
    output: str | None
    code: str | None
    row: int  # line of the file, or place in its list, from 1
    place: int | None = None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class CompletionFile:
    """A file of completions and how it is read: any number of times, one row in memory at a time.

    `scores`: what the `tool` that wrote it says of each problem, the share of right answers.
    """

    path: Path
    read: Callable[[Path], Iterator[CompletionRow]]
    tool: str = NO_TOOL
    scores: Callable[[Path], dict[str, float]] = lambda path: {}

    def rows(self) -> Iterator[CompletionRow]:
        """The completions in the file's order. Raises DatasetError with `path:row`."""
        return self.read(self.path)

    def own_scores(self) -> dict[str, float]:
        """Without the problems that the file is silent about. Raises as `rows`."""
        return self.scores(self.path)


def read_completions(path: str | Path, *, max_row_bytes: int = MAX_COMPLETION_BYTES) -> Iterator[CompletionRow]:
    """The completions of a plain or gzipped JSONL file, in its order, one in memory at a time.

    Raises DatasetError with `path:row` for a row that cannot be read or repeats a problem and index,
    and for a file without any row.
    """
    lines = ((line.row, parse_object(line, path)) for line in read_lines(path, max_row_bytes=max_row_bytes))
    return completion_rows(lines, path)


def own_results(path: Path) -> dict[str, float]:
    """What a JSONL file says of its answers in the field `passed`, by problem."""
    return results_of((line.row, parse_object(line, path)) for line in read_lines(path))


def completion_rows(rows: Iterable[tuple[int, Mapping[str, object]]], path: str | Path) -> Iterator[CompletionRow]:
    """The completions in numbered rows. Raises as `read_completions`."""
    where = str(path)
    counts: dict[str, int] = defaultdict(int)
    seen: dict[tuple[str, int], int] = {}
    for number, fields in rows:
        name = _present(fields, IDS)
        question_id = id_text(fields.get(name))
        if not question_id:
            raise DatasetError(_wanted(name, "a string", fields), path=where, row=number)
        index = fields.get("index")
        if index is None:
            index = counts[question_id]
        elif isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= MAX_INDEX:
            raise DatasetError(_wanted("index", f"a number from 0 to {MAX_INDEX}", fields), path=where, row=number)
        counts[question_id] += 1
        if (question_id, index) in seen:
            shown = one_line(repr(f"{question_id}#{index}"))
            raise DatasetError(f"{shown} is given in row {seen[question_id, index]} already", path=where, row=number)
        seen[question_id, index] = number
        output, code = _answer(fields, where, number)
        if output is not None and fields.get(GIVEN_AS_CODE) is True:
            code, output = unfenced(output), None
        yield CompletionRow(question_id, index, output, code, number)
    if not seen:
        raise DatasetError("the file holds no completion", path=where)


def results_of(rows: Iterable[tuple[int, Mapping[str, object]]]) -> dict[str, float]:
    """The share of right answers by problem, where rows say it in the field `passed`."""
    found: dict[str, list[bool]] = defaultdict(list)
    for _, fields in rows:
        passed = fields.get("passed")
        if isinstance(passed, bool):
            found[id_text(fields.get(_present(fields, IDS)))].append(passed)
    return {name: sum(results) / len(results) for name, results in found.items() if name}


def id_text(value: object) -> str:
    """A problem's id as a file may have it, text or number; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _answer(fields: Mapping[str, object], where: str, row: int) -> tuple[str | None, str | None]:
    """The raw text and the program of a row; a `solution` with a fenced block is an answer, not a program."""
    answer, program = _present(fields, ANSWERS), _present(fields, PROGRAMS)
    output, code = _text(fields, answer, where, row), _text(fields, program, where, row)
    if program == "solution" and code is not None and FENCE in code:
        output, code = (code, None) if output is None else (output, None)
    if code is None and output is None:
        if not fields.keys() & {*ANSWERS, *PROGRAMS}:
            raise DatasetError(
                "neither output nor code is given", path=where, row=row,
                remedy=f"name the answer {', '.join(ANSWERS)}, or a program {', '.join(PROGRAMS)}",
            )  # fmt: skip
        output = ""
    return output, code


def _present(fields: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of the names that the row has, one that is not null before others; else the first of all."""
    there = [name for name in names if name in fields]
    return next((name for name in there if fields[name] is not None), there[0] if there else names[0])


def _text(fields: Mapping[str, object], name: str, where: str, row: int) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise DatasetError(_wanted(name, "a string", fields), path=where, row=row)
    return value


def _wanted(name: str, wanted: str, fields: Mapping[str, object]) -> str:
    if name not in fields:
        return f"field {name} is missing"
    value = fields[name]
    found = one_line(repr(value), 40) if isinstance(value, str | int | float) else json_type(value)
    return f"{name}: {wanted} is wanted, not {found}"
