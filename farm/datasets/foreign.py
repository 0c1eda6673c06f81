"""Files in which other tools keep answers: LiveCodeBench's JSON, lm-evaluation-harness's samples.

Both become rows of `farm.datasets.completions`, with the answers as the model gave them and, where the file has them,
the programs that the tool extracted. What the tool says of their success is read apart and never believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.datasets.completions import MAX_COMPLETION_BYTES, CompletionRow, id_text
from farm.datasets.jsonl import open_plain, parse_object, read_lines
from farm.datasets.reader import readable_id
from farm.errors import DatasetError
from farm.ids import sha256_hex
from farm.scoring.extract import GIVEN_AS_CODE, unfenced
from farm.text import encode, json_type, load_json, one_line

LIVECODEBENCH, LM_EVAL = "LiveCodeBench", "lm-evaluation-harness"

_IDS = ("question_id", "problem_id", "task_id")  # of a problem, in lm-eval's documents


@dataclass(frozen=True, slots=True)
class _Document:
    """A problem with its answers as a tool wrote it. `score`: the share that the tool says is right; None: it does
    not say."""

    question_id: str
    row: int
    outputs: tuple[str | None, ...]  # None: the file has the program alone
    codes: tuple[str, ...] | None
    score: float | None
    given_as_code: tuple[bool, ...]  # the answer was made of a program that was given alone: by farm's own exports


def read_foreign(path: Path) -> Iterator[CompletionRow]:
    """The completions of another tool's file. Raises DatasetError with `path:row` for what cannot be read."""
    for document in _documents(path):
        for index, output in enumerate(document.outputs):
            code = None if document.codes is None else document.codes[index]
            if output is not None and document.given_as_code[index]:
                code, output = unfenced(output), None
            yield CompletionRow(document.question_id, index, output, code, document.row)


def own_scores(path: Path) -> dict[str, float]:
    """What the tool says of each problem: the share of right answers. Without the problems that it is silent about."""
    return {document.question_id: document.score for document in _documents(path) if document.score is not None}


def _documents(path: Path) -> Iterator[_Document]:
    empty = True
    for document in _samples(path) if _is_lines(path) else _instances(path):
        empty = False
        yield document
    if empty:
        raise DatasetError("the file holds no completion", path=str(path))


def _is_lines(path: Path) -> bool:
    """By its first character: LiveCodeBench writes a list, lm-eval a line for each sample."""
    try:
        with open_plain(path) as file:
            return file.read(64).lstrip().startswith(b"{")
    except OSError as exc:
        raise DatasetError(f"cannot be read: {exc.strerror or exc}", path=str(path)) from exc


# --- LiveCodeBench ------------------------------------------------------------------------------


def _instances(path: Path) -> Iterator[_Document]:
    """Problems of LiveCodeBench: `output_list` as answered, `code_list` as extracted, `graded_list` as judged."""
    try:
        with open_plain(path) as file:
            value = load_json(file.read())
    except OSError as exc:
        raise DatasetError(f"cannot be read: {exc.strerror or exc}", path=str(path)) from exc
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"is no JSON: {one_line(str(exc))}", path=str(path)) from exc
    if not isinstance(value, list):
        raise DatasetError(
            "is no output of LiveCodeBench: a list of problems is wanted", path=str(path),
            remedy="give Scenario.codegeneration_N_T.json or its _eval_all.json, or samples_TASK_TIME.jsonl of lm-eval",
        )  # fmt: skip
    seen: dict[str, int] = {}
    for number, row in enumerate(value, 1):
        document = _instance(row, path, number)
        if document.question_id in seen:
            raise _repeated(document, seen[document.question_id], path)
        seen[document.question_id] = number
        yield document


def _instance(row: object, path: Path, number: int) -> _Document:
    if not isinstance(row, dict):
        raise DatasetError(f"an object is wanted, not {json_type(row)}", path=str(path), row=number)
    name = id_text(row.get("question_id"))
    outputs, codes = _list(row, "output_list", path, number), _list(row, "code_list", path, number)
    if not name or (outputs is None and codes is None):
        raise DatasetError("question_id with output_list or code_list is wanted", path=str(path), row=number)
    if outputs is not None and codes is not None and len(outputs) != len(codes):
        raise DatasetError(
            f"problem {one_line(repr(name))}: {len(outputs)} answers in output_list, {len(codes)} in code_list",
            path=str(path), row=number,
        )  # fmt: skip
    graded = row.get("graded_list")
    return _Document(
        question_id=name,
        row=number,
        outputs=(None,) * len(codes or ()) if outputs is None else outputs,
        codes=codes,
        score=_share(graded) if isinstance(graded, list) else None,
        given_as_code=_given_as_code(row, len(outputs or ())),
    )


def _list(row: dict[str, Any], name: str, path: Path, number: int) -> tuple[str, ...] | None:
    """A list of texts, null being an empty one; None if the row has no such list."""
    value = row.get(name)
    return tuple(_answer(item, name, path, number) for item in value) if isinstance(value, list) else None


def _share(values: list[Any]) -> float | None:
    numbers = [value for value in map(_number, values) if value is not None]
    if not numbers or len(numbers) != len(values) or not all(0.0 <= number <= 1.0 for number in numbers):
        return None
    return sum(numbers) / len(numbers)


def _number(value: object) -> float | None:
    if not isinstance(value, bool | int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # more than any share
        return None


# --- lm-evaluation-harness ----------------------------------------------------------------------


def _samples(path: Path) -> Iterator[_Document]:
    """Documents of lm-eval. One that several filters read has a row for each, with the same answers: it counts once."""
    seen: dict[str, tuple[int, str, set[str]]] = {}  # row, digest of the answers, filters
    for line in read_lines(path, max_row_bytes=MAX_COMPLETION_BYTES):
        row = parse_object(line, path)
        document, filtered_by = _sample(row, path, line.row), str(row.get("filter"))
        answers = sha256_hex(encode("\0".join(output or "" for output in document.outputs)))
        first = seen.setdefault(document.question_id, (line.row, answers, set()))
        if first[0] != line.row and (first[1] != answers or filtered_by in first[2]):
            raise _repeated(document, first[0], path)
        first[2].add(filtered_by)
        if first[0] == line.row:
            yield document


def _sample(row: dict[str, Any], path: Path, number: int) -> _Document:
    document, groups = row.get("doc"), row.get("resps")
    name = _document_id(document) if isinstance(document, dict) else ""
    if not name or not isinstance(groups, list) or not groups or not all(isinstance(group, list) for group in groups):
        raise DatasetError(
            f"a sample of lm-eval is wanted, with resps and one of {', '.join(_IDS)} in its doc", path=str(path),
            row=number,
        )  # fmt: skip
    outputs = tuple(_answer(answer, "resps", path, number) for group in groups for answer in group)
    metrics = row.get("metrics")
    scores = [row.get(str(metric)) for metric in metrics] if isinstance(metrics, list) else []
    return _Document(
        question_id=name,
        row=number,
        outputs=outputs,
        codes=_filtered(row, outputs),
        score=_share(scores[:1]) if scores else None,
        given_as_code=_given_as_code(row, len(outputs)),
    )


def _filtered(row: dict[str, Any], outputs: tuple[str, ...]) -> tuple[str, ...] | None:
    """What the task's filter made of the answers; None if that is nothing else than the answers."""
    groups = row.get("filtered_resps")
    found = [text for group in (groups if isinstance(groups, list) else ()) for text in _flat(group)]
    programs = tuple(text for text in found if isinstance(text, str))
    return programs if len(programs) == len(found) == len(outputs) and programs != outputs else None


def _flat(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _document_id(document: Mapping[str, Any]) -> str:
    """The problem's id: a document is a row of its benchmark, unless a task shows less of it."""
    if name := readable_id(dict(document)):
        return name
    return next((id_text(document[key]) for key in _IDS if key in document), "")


# --- both ---------------------------------------------------------------------------------------


def _given_as_code(row: Mapping[str, Any], count: int) -> tuple[bool, ...]:
    found = row.get(GIVEN_AS_CODE)
    return tuple(one is True for one in found) if isinstance(found, list) and len(found) == count else (False,) * count


def _answer(value: object, name: str, path: Path, number: int) -> str:
    if value is None:
        return ""  # the model gave none
    if not isinstance(value, str):
        raise DatasetError(f"{name}: texts are wanted, not {json_type(value)}", path=str(path), row=number)
    return value


def _repeated(document: _Document, first: int, path: Path) -> DatasetError:
    name = one_line(repr(document.question_id))
    return DatasetError(f"problem {name} is given in row {first} already", path=str(path), row=document.row)
