"""Files that are one JSON document, and evalscope's rows: EvalPlus results, BigCode's generations, lists of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from farm.datasets.completions import CompletionRow, completion_rows, id_text, results_of
from farm.datasets.jsonl import open_plain, parse_object, read_lines
from farm.errors import DatasetError
from farm.text import json_type, load_json, one_line

EVAL, EVAL_ALL = "_eval.json", "_eval_all.json"


def load_whole(path: Path) -> Any:
    """The value of a file that is one JSON document. DatasetError if it is none."""
    try:
        with open_plain(path) as file:
            return load_json(file.read())
    except OSError as exc:
        raise DatasetError(f"cannot be read: {exc.strerror or exc}", path=str(path)) from exc
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"is no JSON: {one_line(str(exc))}", path=str(path)) from exc


# --- lists of rows, and objects from id to answers ----------------------------------------------


def read_json_rows(path: Path) -> Iterator[CompletionRow]:
    """The rows of a JSON list; or of an object, a list of answers by id."""
    return completion_rows(_numbered(path), path)


def json_results(path: Path) -> dict[str, float]:
    """What the rows say of their answers, by problem."""
    return results_of(_numbered(path))


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    value = load_whole(path)
    if isinstance(value, dict):
        value = [{"task_id": name, "completion": answer} for name, answers in value.items() for answer in answers]
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict):
            raise DatasetError(f"an object is wanted, not {json_type(row)}", path=str(path), row=number)
        yield number, row


# --- LiveCodeBench's evaluation -----------------------------------------------------------------


def is_lcb_evaluation(value: list[Any]) -> bool:
    """Whether this is LiveCodeBench's `_eval.json`: metrics, codes of tests, metadata, and no answer."""
    return bool(value) and isinstance(value[0], dict) and "detail" in value[0] and "pass@1" in value[0]


def answers_of_evaluation(path: Path) -> Path:
    """The file with the answers that LiveCodeBench wrote next to its evaluation. DatasetError if it is not there."""
    stem = path.name.removesuffix(".gz").removesuffix(EVAL)
    names = [f"{stem}{ending}" for ending in (EVAL_ALL, ".json")]
    for name in names:
        if name != path.name and (path.parent / name).is_file():
            return path.parent / name
    raise DatasetError(
        "LiveCodeBench's evaluation holds scores and no answers", path=str(path), remedy=f"give {' or '.join(names)}"
    )


# --- EvalPlus -----------------------------------------------------------------------------------


def is_evalplus(value: object) -> bool:
    """Whether this is EvalPlus's `_eval_results.json`: lists of judged solutions by task id."""
    if not isinstance(value, dict) or not isinstance(value.get("eval"), dict):
        return False
    return "hash" in value or (
        "version" not in value and all(isinstance(rows, list) for rows in value["eval"].values())
    )


def read_evalplus(path: Path) -> Iterator[CompletionRow]:
    """The solutions: whole programs, as EvalPlus executed them."""
    return completion_rows(_judged(path), path)


def evalplus_scores(path: Path) -> dict[str, float]:
    """The share of a task's solutions that pass its base tests, and the plus tests where they were run."""
    return results_of(
        (number, {"task_id": row.get("task_id"), "passed": _passes(row)}) for number, row in _judged(path)
    )


def _judged(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    for name, rows in load_whole(path)["eval"].items():
        if not isinstance(rows, list):
            raise DatasetError(
                "results of an old EvalPlus, without the solutions", path=str(path),
                remedy="give the samples.jsonl that it judged",
            )  # fmt: skip
        for row in rows:
            number += 1
            if not isinstance(row, dict):
                raise DatasetError(f"an object is wanted, not {json_type(row)}", path=str(path), row=number)
            yield number, {**row, "task_id": name}


def _passes(row: dict[str, Any]) -> bool:
    return row.get("base_status") == "pass" and row.get("plus_status") in ("pass", None)


# --- BigCode ------------------------------------------------------------------------------------


def read_bigcode(path: Path) -> Iterator[CompletionRow]:
    """bigcode-evaluation-harness's generations: a list of answers for each problem, in the dataset's order."""
    for place, answers in enumerate(load_whole(path)):
        if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
            raise DatasetError("a list of texts is wanted", path=str(path), row=place + 1)
        for index, answer in enumerate(answers):
            yield CompletionRow("", index, answer, None, place + 1, place=place)


# --- evalscope ----------------------------------------------------------------------------------


def read_evalscope(path: Path) -> Iterator[CompletionRow]:
    """evalscope's predictions: the model's answer, with the problem's id in the metadata, or its text in the prompt."""
    counts: dict[str, int] = defaultdict(int)
    for line in read_lines(path):
        row = parse_object(line, path)
        answer, asked = _model_output(row), _asked(row)
        metadata = row.get("metadata")
        named = metadata if isinstance(metadata, dict) else {}
        name = next((id_text(named[key]) for key in ("question_id", "task_id", "problem_id", "id") if key in named), "")
        if answer is None or not (name or asked):
            raise DatasetError(
                "a prediction of evalscope is wanted: model_output, and messages or metadata that name the problem",
                path=str(path), row=line.row,
            )  # fmt: skip
        index = counts[name or asked]
        counts[name or asked] += 1
        yield CompletionRow(name, index, answer, None, line.row, asked="" if name else asked)


def _model_output(row: dict[str, Any]) -> str | None:
    output = row.get("model_output")
    choices = output.get("choices") if isinstance(output, dict) else None
    message = (
        choices[0].get("message") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    )
    return content_text(message.get("content")) if isinstance(message, dict) else None


def _asked(row: dict[str, Any]) -> str:
    messages = row.get("messages")
    users = (
        [m for m in messages if isinstance(m, dict) and m.get("role") == "user"] if isinstance(messages, list) else []
    )
    return content_text(users[-1].get("content")) or "" if users else ""


def content_text(content: object) -> str | None:
    """The text of a message's content, which may be in parts; None if it is neither. Reasoning is no part of it."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    return "".join(
        str(part.get("text", "")) for part in content if isinstance(part, dict) and part.get("type") == "text"
    )
