"""Rows in LiveCodeBench's schema, made for tests."""

from __future__ import annotations

import base64
import json
import pickle
import zlib

from farm.benchmarks.livecodebench.rows import problem_of
from farm.benchmarks.rows import RowError, Tests
from farm.datasets.jsonl import Line, parse_object
from farm.datasets.reader import id_of
from farm.errors import DatasetError
from farm.records import Problem
from farm.text import one_line

Case = dict[str, str]


def case(given: str = "1\n", wanted: str = "1\n", testtype: str = "stdin") -> Case:
    return {"input": given, "output": wanted, "testtype": testtype}


def fields(**changes: object) -> dict[str, object]:
    """The fields of a good stdin row with one public and one private test."""
    return {
        "question_title": "Echo",
        "question_content": "Print what you read.",
        "platform": "atcoder",
        "question_id": "abc001_a",
        "contest_id": "abc001",
        "contest_date": "2024-03-01T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": json.dumps([case("1\n", "1\n")]),
        "private_test_cases": json.dumps([case("2\n", "2\n")]),
        "metadata": "{}",
    } | changes


def row(**changes: object) -> bytes:
    return json.dumps(fields(**changes)).encode()


def packed(text: str, protocol: int = 4) -> str:
    """LiveCodeBench's form of private tests."""
    return base64.b64encode(zlib.compress(pickle.dumps(text, protocol=protocol))).decode()


def packed_bytes(pickled: bytes) -> str:
    return base64.b64encode(zlib.compress(pickled)).decode()


def parse_row(data: bytes | str, *, path: str, row_number: int, tests: Tests = "all") -> Problem:
    """The problem of one line, with the error that a reader of such a place raises."""
    line = Line(row_number, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    fields_read = parse_object(line, path)
    try:
        return problem_of(fields_read, tests)
    except RowError as exc:
        name = one_line(id_of(fields_read))
        raise DatasetError(f"{name}: {exc}", path=path, row=row_number) from exc
