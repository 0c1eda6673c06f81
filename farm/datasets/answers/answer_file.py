"""Which tool wrote a file of answers, by its first bytes and its first row. Its name says nothing.

`farm grade` and `farm import` read the same files. What a file says of its answers' success is read apart (`scores`)
and never believed.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from farm.datasets import foreign
from farm.datasets.answers import documents, inspect_log, tables
from farm.datasets.completions import (
    ANSWERS,
    IDS,
    MAX_COMPLETION_BYTES,
    NO_TOOL,
    PROGRAMS,
    CompletionFile,
    CompletionRow,
    own_results,
    read_completions,
)
from farm.datasets.jsonl import open_plain, refuse_foreign
from farm.errors import DatasetError
from farm.text import load_json, one_line

HEAD = 4096  # bytes that tell whether a file is text, and what its first line may be
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
EXAMPLE = '{"task_id": "HumanEval/0", "completion": "    return 1"}'
KNOWN = (
    "JSON lines or a JSON list of rows with an id (task_id, problem_id, question_id, id) and an answer (completion, "
    "solution, response, generation, output, code); the same as CSV or Parquet; samples.jsonl of human-eval and "
    "EvalPlus; EvalPlus results; lm-eval's samples_*.jsonl; LiveCodeBench's JSON; BigCode's list of lists; evalscope's "
    "predictions; Inspect logs (.eval and JSON)"
)


@dataclass(frozen=True, slots=True)
class _Format:
    tool: str
    read: Callable[[Path], Iterator[CompletionRow]]
    scores: Callable[[Path], dict[str, float]] = lambda path: {}


ROWS = _Format(NO_TOOL, read_completions, own_results)
LIVECODEBENCH = _Format(foreign.LIVECODEBENCH, foreign.read_foreign, foreign.own_scores)
LM_EVAL = _Format(foreign.LM_EVAL, foreign.read_foreign, foreign.own_scores)
EVALSCOPE = _Format("evalscope", documents.read_evalscope)
JSON_ROWS = _Format(NO_TOOL, documents.read_json_rows, documents.json_results)
EVALPLUS = _Format("EvalPlus", documents.read_evalplus, documents.evalplus_scores)
BIGCODE = _Format("bigcode-evaluation-harness", documents.read_bigcode)
INSPECT = _Format("Inspect", inspect_log.read_log, inspect_log.own_scores)
INSPECT_ZIP = _Format("Inspect", inspect_log.read_archive, inspect_log.archive_scores)
CSV = _Format(NO_TOOL, tables.read_csv, tables.csv_results)
PARQUET_ROWS = _Format(NO_TOOL, tables.read_parquet, tables.parquet_results)


def answer_file(path: Path) -> CompletionFile:
    """The file with the way to read it. DatasetError with an example and the known formats if it is none of them.

    Of LiveCodeBench's three files the one in the middle holds no answers: the one that does is read in its place.
    """
    form = _format(path)
    return CompletionFile(path, form.read, form.tool, form.scores)


def _format(path: Path) -> _Format:
    head = _head(path)
    if head.startswith(ZIP):
        return INSPECT_ZIP
    if head.startswith(PARQUET):
        return PARQUET_ROWS
    refuse_foreign(head, path)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise DatasetError("the file holds no completion", path=str(path))
    if text.startswith(b"{"):
        first = _first_line(path)
        return _of_document(path) if first is None or _is_document(first) else _of_row(first, path)
    if text.startswith(b"["):
        return _of_list(path)
    if tables.is_csv(text.partition(b"\n")[0]):
        return CSV
    raise _unknown(path)


def _head(path: Path) -> bytes:
    with _opened(path) as stream:
        return stream.read(HEAD)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    try:
        with open_plain(path) as stream:
            yield stream
    except gzip.BadGzipFile as exc:
        raise DatasetError(f"the gzip data is damaged: {one_line(str(exc))}", path=str(path)) from exc
    except OSError as exc:
        raise DatasetError(f"cannot read: {exc.strerror or exc}", path=str(path)) from exc


def _first_line(path: Path) -> dict[str, Any] | None:
    """The object in the first line that is not blank; None if that line holds no whole object, as in indented JSON."""
    with _opened(path) as stream:
        line = b"\n"
        while line and line.isspace():
            line = stream.readline(MAX_COMPLETION_BYTES)
    try:
        value = load_json(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_document(first: dict[str, Any]) -> bool:
    """Whether a whole file stands in one line."""
    return documents.is_evalplus(first) or inspect_log.is_log(first) or "results" in first or _by_id(first)


def _of_row(first: dict[str, Any], path: Path) -> _Format:
    if "resps" in first or "doc" in first:
        return LM_EVAL
    if "model_output" in first:
        return EVALSCOPE
    if not first.keys() & {*IDS}:
        raise _unknown(path, f"its first row has none of {', '.join(IDS)}")
    if "verdict" in first and not first.keys() & {*ANSWERS, *PROGRAMS}:
        raise DatasetError(
            "farm's own samples.jsonl holds verdicts and no answers", path=str(path),
            remedy="write the answers with: farm export RUN --format csv",
        )  # fmt: skip
    return ROWS


def _of_document(path: Path) -> _Format:
    """A JSON object that is a whole file; a damaged first row of JSON lines is said by their reader."""
    try:
        value = documents.load_whole(path)
    except DatasetError:
        return ROWS
    if documents.is_evalplus(value):
        return EVALPLUS
    if inspect_log.is_log(value):
        return INSPECT
    if isinstance(value, dict) and _by_id(value):
        return JSON_ROWS
    if isinstance(value, dict) and "results" in value:
        raise DatasetError(
            "a results file holds scores and no answers", path=str(path),
            remedy="give the file of samples that was written with it, such as samples_TASK_TIME.jsonl of lm-eval",
        )  # fmt: skip
    raise _unknown(path)


def _by_id(value: dict[str, Any]) -> bool:
    """Whether an object maps ids to answers."""
    return bool(value) and not value.keys() & {*IDS} and all(
        isinstance(answers, list) and answers and all(isinstance(one, str) for one in answers)
        for answers in value.values()
    )  # fmt: skip


def _of_list(path: Path) -> _Format:
    value = documents.load_whole(path)
    assert isinstance(value, list)
    first = value[0] if value else {}
    if isinstance(first, list):
        return BIGCODE
    if documents.is_lcb_evaluation(value):
        return _Format(
            foreign.LIVECODEBENCH,
            lambda given: foreign.read_foreign(documents.answers_of_evaluation(given)),
            lambda given: foreign.own_scores(documents.answers_of_evaluation(given)),
        )
    if isinstance(first, dict) and first.keys() & {*IDS} and not first.keys() & {"output_list", "code_list"}:
        return JSON_ROWS
    return LIVECODEBENCH


def _unknown(path: Path, why: str = "") -> DatasetError:
    reason = f": {why}" if why else ""
    return DatasetError(
        f"no file of answers that farm knows{reason}", path=str(path),
        remedy=f"a line looks like {EXAMPLE}; known are {KNOWN}",
    )  # fmt: skip
