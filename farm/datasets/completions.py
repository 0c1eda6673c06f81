"""Completions that exist already, for `farm grade` and `farm import`.

`farm grade` takes one JSON object per line with `question_id`, `index` (default: counts up per problem) and `output`
(the model's raw text, from which the protocol extracts) or `code`. Where both are given, `code` is what was extracted
from `output` elsewhere. Null is an empty answer, and an empty `code` says that nothing could be extracted. Other fields
are ignored. The files of other tools (`farm.datasets.foreign`) become the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.datasets.jsonl import parse_object, read_lines
from farm.errors import DatasetError
from farm.text import json_type, one_line

# One model answer; 128 000 tokens of reasoning are about half a megabyte.
MAX_COMPLETION_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """One completion: at least one of `output` and `code` is not None. Either may hold any text."""

    question_id: str
    index: int
    output: str | None
    code: str | None
    row: int  # line of the file, or place in its list, from 1


@dataclass(frozen=True, slots=True)
class CompletionFile:
    """A file of completions and how it is read: any number of times, one row in memory at a time."""

    path: Path
    read: Callable[[Path], Iterator[CompletionRow]]

    def rows(self) -> Iterator[CompletionRow]:
        """The completions in the file's order. Raises DatasetError with `path:row`."""
        return self.read(self.path)


def read_completions(path: str | Path, *, max_row_bytes: int = MAX_COMPLETION_BYTES) -> Iterator[CompletionRow]:
    """The completions of a plain or gzipped JSONL file, in its order, one in memory at a time.

    Raises DatasetError with `path:row` for a row that cannot be read or repeats a (question_id, index),
    and for a file without any row.
    """
    where = str(path)
    counts: dict[str, int] = defaultdict(int)
    seen: dict[tuple[str, int], int] = {}
    for line in read_lines(path, max_row_bytes=max_row_bytes):
        fields = parse_object(line, path)
        question_id = id_text(fields.get("question_id"))
        if not question_id:
            raise DatasetError(_wanted("question_id", "a string", fields), path=where, row=line.row)
        index = fields.get("index")
        if index is None:
            index = counts[question_id]
        elif isinstance(index, bool) or not isinstance(index, int) or index < 0:
            raise DatasetError(_wanted("index", "a number from 0", fields), path=where, row=line.row)
        counts[question_id] += 1
        if (question_id, index) in seen:
            name = one_line(repr(f"{question_id}#{index}"))
            raise DatasetError(f"{name} is given in row {seen[question_id, index]} already", path=where, row=line.row)
        seen[question_id, index] = line.row
        code = _text(fields, "code", where, line.row)
        output = _text(fields, "output", where, line.row)
        if code is None and output is None:
            if not fields.keys() & {"code", "output"}:
                raise DatasetError("neither output nor code is given", path=where, row=line.row)
            output = ""
        yield CompletionRow(question_id, index, output, code, line.row)
    if not seen:
        raise DatasetError("the file holds no completion", path=where)


def id_text(value: object) -> str:
    """A problem's id as a file may have it, text or number; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _text(fields: dict[str, object], name: str, where: str, row: int) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise DatasetError(_wanted(name, "a string", fields), path=where, row=row)
    return value


def _wanted(name: str, wanted: str, fields: dict[str, object]) -> str:
    if name not in fields:
        return f"field {name} is missing"
    value = fields[name]
    found = one_line(repr(value), 40) if isinstance(value, str | int | float) else json_type(value)
    return f"{name}: {wanted} is wanted, not {found}"
