"""Other tools' outputs as a completions file: LiveCodeBench's JSON, lm-eval's samples.

Both become rows of `farm.datasets.completions` in a temporary file, so that one reader checks them all.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from farm.errors import DatasetError

_IDS = ("question_id", "problem_id", "task_id")  # of a problem, in lm-eval's documents


@contextmanager
def as_completions(path: Path) -> Iterator[Path]:
    """The file as JSONL for `read_completions`; it is gone after the block. DatasetError if it is neither kind."""
    with tempfile.TemporaryDirectory(prefix="farm-import-") as folder:
        target = Path(folder) / f"{path.stem}.jsonl"
        with target.open("w", encoding="ascii") as file:
            for row in _rows(path):
                file.write(json.dumps(row, ensure_ascii=True) + "\n")
        yield target


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.suffix == ".jsonl":
            with path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield from _sample(_loaded(line, path, number), path, number)
            return
        value = _loaded(path.read_bytes(), path, None)
    except OSError as exc:
        raise DatasetError(f"cannot be read: {exc.strerror}", path=str(path)) from exc
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise DatasetError(
            "is no output of LiveCodeBench: a list of problems is wanted", path=str(path),
            remedy="give Scenario.codegeneration_N_T.json or its _eval_all.json, or samples_TASK_TIME.jsonl of lm-eval",
        )  # fmt: skip
    for number, row in enumerate(value, 1):
        yield from _instance(row, path, number)


def _instance(row: dict[str, Any], path: Path, number: int) -> Iterator[dict[str, Any]]:
    """A problem of LiveCodeBench: `output_list` as answered, `code_list` as extracted."""
    outputs, codes = row.get("output_list"), row.get("code_list")
    if not isinstance(row.get("question_id"), str) or not (isinstance(outputs, list) or isinstance(codes, list)):
        raise DatasetError("question_id with output_list or code_list is wanted", path=str(path), row=number)
    for index in range(len(codes if isinstance(codes, list) else outputs or [])):
        given = {"code": codes[index]} if isinstance(codes, list) else {"output": (outputs or [])[index]}
        yield {"question_id": row["question_id"], "index": index, **given}


def _sample(row: Any, path: Path, number: int) -> Iterator[dict[str, Any]]:
    """A document of lm-eval: `resps` are the answers."""
    document = row.get("doc") if isinstance(row, dict) else None
    answers = row.get("resps") if isinstance(row, dict) else None
    name = next((document[key] for key in _IDS if key in document), None) if isinstance(document, dict) else None
    if not isinstance(name, str) or not isinstance(answers, list) or not answers or not isinstance(answers[0], list):
        raise DatasetError(
            f"a sample of lm-eval is wanted, with resps and one of {', '.join(_IDS)} in its doc", path=str(path),
            row=number,
        )  # fmt: skip
    for index, answer in enumerate(answer for group in answers for answer in group):
        yield {"question_id": name, "index": index, "output": answer}


def _loaded(data: bytes, path: Path, row: int | None) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise DatasetError(f"is no JSON: {exc}", path=str(path), row=row) from exc
