"""A run as a flat table, a row a sample: for CSV and Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from farm.errors import ConfigError
from farm.records import SampleResult
from farm.reports.details import ProblemDetail
from farm.text import printable

TEXTS = ("title", "detail", "unjudged", "answer", "program")
_KEPT = ("\r", "\f")  # of the controls, besides line ends and tabs: programs have them
_SPLIT = re.compile("([\r\f])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute a cell that begins so


def rows(run_id: str, problems: Iterable[ProblemDetail]) -> Iterator[dict[str, Any]]:
    """The rows, in dataset order and by index; texts as they came."""
    for problem in problems:
        for sample in problem.samples:
            outcome, completion, told = sample.outcome, sample.completion, sample.telemetry
            judged = outcome if isinstance(outcome, SampleResult) else None
            usage = None if completion is None else completion.usage
            yield {
                "run_id": run_id,
                "problem_id": problem.problem_id,
                "index": sample.key.index,
                "title": problem.title,
                "platform": problem.platform,
                "difficulty": problem.difficulty,
                "contest_date": problem.contest_date,
                "verdict": None if judged is None else judged.verdict.value,
                "passed": None if judged is None else judged.passed,
                "first_failure": None if judged is None else judged.first_failure,
                "detail": None if judged is None else judged.detail,
                "unjudged": None if isinstance(outcome, SampleResult) else outcome.reason,
                "tests_ran": None if judged is None else len(judged.cases),
                "tests": problem.tests,
                "cpu_s": None if judged is None else judged.cpu_s,
                "wall_s": None if judged is None else judged.wall_s,
                "prompt_tokens": None if usage is None else usage.prompt_tokens,
                "completion_tokens": None if usage is None else usage.completion_tokens,
                "finish_reason": None if completion is None else completion.finish_reason,
                "latency_s": None if told is None else told.latency_s or None,
                "ttft_s": None if told is None else told.ttft_s,
                "seed": None if completion is None else completion.seed,
                "given_as_code": sample.given_as_code,
                "answer": sample.text,
                "program": sample.program,
            }


def write_csv(file: BinaryIO, found: Iterable[dict[str, Any]]) -> None:
    """CSV for people's tools: UTF-8, controls as escapes, and nothing that a spreadsheet takes for a formula.

    What stands between the lines of programs stays: escaped it would make another program of them.
    """
    out = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer: Any = None
    for row in found:
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\r\n")
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in row.items()})
    out.detach()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = "".join(part if part in _KEPT else printable(part, len(part)) for part in _SPLIT.split(value))
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def write_parquet(file: BinaryIO, found: Iterable[dict[str, Any]]) -> None:
    """Parquet, for analysis: texts whole, but for what UTF-8 has no form of. ConfigError without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise ConfigError("Parquet needs pyarrow", remedy="pip install 'farm-eval[parquet]'") from exc
    text, number, share = pa.string(), pa.int64(), pa.float64()
    kinds = {
        "index": number, "first_failure": number, "tests_ran": number, "tests": number, "prompt_tokens": number,
        "completion_tokens": number, "seed": number, "passed": pa.bool_(), "given_as_code": pa.bool_(),
        "cpu_s": share, "wall_s": share, "latency_s": share, "ttft_s": share,
    }  # fmt: skip
    writer = None
    batch: list[dict[str, Any]] = []

    def flush() -> None:
        nonlocal writer
        schema = pa.schema([(name, kinds.get(name, text)) for name in batch[0]])
        writer = writer or pq.ParquetWriter(file, schema, compression="zstd")
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
        batch.clear()

    for row in found:
        batch.append({name: _utf8(value) for name, value in row.items()})
        if len(batch) == 500:
            flush()
    if batch:
        flush()
    if writer is not None:
        writer.close()


def _utf8(value: object) -> object:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
