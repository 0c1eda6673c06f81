"""Rows in LiveCodeBench's schema, made for tests."""

from __future__ import annotations

import base64
import json
import pickle
import zlib

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
