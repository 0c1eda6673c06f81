"""Completions for `farm grade`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from farm.datasets.completions import CompletionRow, read_completions
from farm.errors import DatasetError
from tests.support.data import shared


def read(tmp_path: Path, *rows: object) -> list[CompletionRow]:
    path = tmp_path / "done.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(read_completions(path))


def test_the_index_counts_up_per_problem_where_it_is_not_given(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {"question_id": "a", "code": "1"},
        {"question_id": "b", "code": "2"},
        {"question_id": "a", "code": "3", "index": None},
        {"question_id": "a", "code": "4", "index": 9},
    )
    assert [(row.question_id, row.index, row.row) for row in found] == [
        ("a", 0, 1),
        ("b", 0, 2),
        ("a", 1, 3),
        ("a", 9, 4),
    ]


@pytest.mark.parametrize(
    ("given", "output", "code"),
    [
        ({"output": "raw"}, "raw", None),
        ({"code": "x = 1"}, None, "x = 1"),
        ({"output": "raw", "code": "x = 1"}, "raw", "x = 1"),
        ({"output": "raw", "code": ""}, "raw", ""),
        ({"output": "raw", "code": None}, "raw", None),
        ({"output": None, "code": "x"}, None, "x"),
        ({"output": None}, "", None),  # a server gave no text
        ({"code": None}, "", None),
        ({"output": "a\x00\ud800", "passed": [1]}, "a\x00\ud800", None),
    ],
)
def test_what_a_row_gives_is_kept(tmp_path: Path, given: dict[str, object], output: str, code: str) -> None:
    found = read(tmp_path, {"question_id": "a"} | given)
    assert found == [CompletionRow("a", 0, output, code, 1)]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({}, "field question_id is missing"),
        ({"question_id": True, "code": ""}, "question_id: a string is wanted, not True"),
        ({"question_id": 1.5, "code": ""}, "question_id: a string is wanted, not 1.5"),
        ({"question_id": "", "code": ""}, "question_id: a string is wanted, not ''"),
        ({"question_id": "b"}, "neither output nor code is given"),
        ({"question_id": "b", "code": ["x"]}, "code: a string is wanted, not a list"),
        ({"question_id": "b", "code": "", "output": 1}, "output: a string is wanted, not 1"),
        ({"question_id": "b", "code": "", "index": -1}, "index: a number from 0 to 2147483647 is wanted, not -1"),
        ({"question_id": "b", "code": "", "index": True}, "index: a number from 0 to 2147483647 is wanted, not True"),
        ({"question_id": "b", "code": "", "index": "1"}, "index: a number from 0 to 2147483647 is wanted, not '1'"),
        ({"question_id": "a", "code": "", "index": 0}, "'a#0' is given in row 1 already"),
        ([], "a JSON object is wanted, not a list"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, second: object, reason: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, {"question_id": "a", "code": ""}, second)
    assert f"done.jsonl:2: {reason}" in str(caught.value)


def test_an_id_may_be_a_number(tmp_path: Path) -> None:
    assert [row.question_id for row in read(tmp_path, {"question_id": 2727, "code": ""})] == ["2727"]


def test_a_key_that_occurs_twice_is_an_error_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    path.write_text('{"question_id": "a", "code": ""}\n{"question_id": "b", "code": "1", "code": "2"}\n')
    with pytest.raises(DatasetError, match=r"done\.jsonl:2: not JSON: key 'code' occurs twice in one object"):
        list(read_completions(path))


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no completion"):
        read(tmp_path)


def test_gzip_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"question_id": "a", "code": "pass"}\n'))
    assert [row.code for row in read_completions(path)] == ["pass"]


@pytest.mark.parametrize(
    ("name", "rows"), [("lcb_sample_completions.jsonl", 120), ("lcb_sample_graded_codes.jsonl", 303)]
)
def test_the_sample_completions_are_read_whole(name: str, rows: int) -> None:
    found = list(read_completions(shared(name)))
    assert len(found) == rows
    assert all(row.code is not None for row in found)
