"""Answers in tables: CSV and Parquet, farm's own exports among them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from farm.datasets.completions import (
    ANSWERS,
    IDS,
    MAX_COMPLETION_BYTES,
    PROGRAMS,
    CompletionRow,
    completion_rows,
    results_of,
)
from farm.datasets.jsonl import open_plain
from farm.errors import ConfigError, DatasetError
from farm.scoring.extract import GIVEN_AS_CODE
from farm.text import one_line

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # farm's CSV has a quote before a cell that begins so
_OURS = {"run_id", "problem_id", "first_failure"}  # columns of farm's own export
_BATCH = 100


def is_csv(line: bytes) -> bool:
    """Whether this is the header of a table that has an id and an answer."""
    try:
        [names] = csv.reader([line.decode("utf-8").rstrip("\r")])
    except (UnicodeDecodeError, csv.Error, ValueError):
        return False
    found = {name.strip() for name in names}
    return bool(found & {*IDS}) and bool(found & {*ANSWERS, *PROGRAMS})


def read_csv(path: Path) -> Iterator[CompletionRow]:
    """The rows of a CSV file with a header. DatasetError names the line."""
    return completion_rows(_csv(path), path)


def csv_results(path: Path) -> dict[str, float]:
    """What its column `passed` says, by problem."""
    return results_of(_csv(path))


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(MAX_COMPLETION_BYTES)
    try:
        with open_plain(path) as stream:
            reader = csv.DictReader(
                io.TextIOWrapper(cast(IO[bytes], stream), encoding="utf-8-sig", newline=""), strict=True
            )
            for row in reader:
                if None in row or None in row.values():
                    raise DatasetError("the row has other columns than the header", path=str(path), row=reader.line_num)
                yield reader.line_num, _typed({str(name).strip(): value for name, value in row.items()})
    except UnicodeDecodeError as exc:
        raise DatasetError(f"not UTF-8: {exc.reason} at byte {exc.start}", path=str(path)) from exc
    except csv.Error as exc:
        raise DatasetError(f"not CSV: {one_line(str(exc))}", path=str(path)) from exc
    except OSError as exc:
        raise DatasetError(f"cannot read: {exc.strerror or exc}", path=str(path)) from exc


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """Cells as values: numbers and truths where those are wanted, nothing for an empty program or index."""
    found: dict[str, Any] = dict(row)
    ours = row.keys() >= _OURS
    for name in (*ANSWERS, *PROGRAMS):
        cell = row.get(name, "")
        if ours and cell.startswith("'") and cell[1:].startswith(_FORMULA):
            found[name] = cell[1:]
    if "index" in row:
        found["index"] = int(row["index"]) if re.fullmatch("[0-9]{1,18}", row["index"]) else row["index"] or None
    for name in ("passed", GIVEN_AS_CODE):
        if name in row:
            found[name] = {"true": True, "false": False, "1": True, "0": False}.get(row[name].lower())
    for name in PROGRAMS:
        if found.get(name) == "" and any(row.get(answer) for answer in ANSWERS):
            found[name] = "" if ours else None
    return found


def read_parquet(path: Path) -> Iterator[CompletionRow]:
    """The rows of a Parquet file. ConfigError without pyarrow."""
    return completion_rows(_parquet(path), path)


def parquet_results(path: Path) -> dict[str, float]:
    """As `csv_results`."""
    return results_of(_parquet(path))


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise ConfigError("Parquet needs pyarrow", remedy="pip install 'farm-eval[parquet]'") from exc
    try:
        with pq.ParquetFile(path) as file:
            read = {*IDS, *ANSWERS, *PROGRAMS, "index", "passed", GIVEN_AS_CODE}
            wanted = [name for name in file.schema_arrow.names if name in read]
            if not {*wanted} & {*IDS} or not {*wanted} & {*ANSWERS, *PROGRAMS}:
                columns = ", ".join(file.schema_arrow.names[:20])
                raise DatasetError(
                    f"no column with an id and an answer, only {one_line(columns, 200)}", path=str(path),
                    remedy=f"name them like one of {', '.join(IDS)} and of {', '.join((*ANSWERS, *PROGRAMS))}",
                )  # fmt: skip
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as exc:
        raise DatasetError(f"no readable Parquet: {one_line(str(exc))}", path=str(path)) from exc
