"""Extraction: which text of an answer is the program."""

from __future__ import annotations

import json

import pytest

from farm.scoring.extract import ExtractionRule, extract, remove_thinking
from tests.support.data import shared

TWO_PAIRS = "a\n```python\nfirst = 1\n```\nb\n```\nlast = 2\n```\nc"


def test_first_and_last_pair() -> None:
    assert extract(TWO_PAIRS, "first_fence") == "first = 1"
    assert extract(TWO_PAIRS, "last_fence") == "last = 2"
    assert extract(TWO_PAIRS, "first_fence_or_raw") == "first = 1"


def test_a_fence_line_holds_the_backticks_anywhere() -> None:
    assert extract("Code: ```python\nx = 1\nend ``` of it", "last_fence") == "x = 1"


def test_lines_end_at_newline_alone() -> None:
    assert extract("```\r\nx = 1\r\ny = 2\x0c\u2028z\r\n```", "first_fence") == "x = 1\r\ny = 2\x0c\u2028z\r"


@pytest.mark.parametrize("rule", ["first_fence", "last_fence"])
@pytest.mark.parametrize("text", ["", "def f(): pass", "```python\nprint(1)", "``\nx\n``", "``` x ```"])
def test_fewer_than_two_fence_lines_give_no_code(rule: ExtractionRule, text: str) -> None:
    assert extract(text, rule) == ""


def test_three_fence_lines() -> None:
    """An unclosed fence after a pair: LiveCodeBench takes the last two lines, Tenstorrent the first two."""
    text = "```\na\n```\nb\n```\nc"
    assert extract(text, "first_fence") == "a"
    assert extract(text, "last_fence") == "b"


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("  import sys\nprint(1)\n", "import sys\nprint(1)"),
        ("for x in y: pass", "for x in y: pass"),
        ("print(1)", ""),
        ("```python\nwhile True: pass", "```python\nwhile True: pass"),
        ("Wait if you can", "Wait if you can"),
    ],
)
def test_raw_text_counts_if_it_looks_like_python(text: str, program: str) -> None:
    assert extract(text, "first_fence_or_raw") == program


THINK = (("<think>", "</think>"),)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<think>draft</think>answer", "answer"),
        ("draft, begun in the prompt</think>answer", "answer"),
        ("answer", "answer"),
        ("<think>never ends", ""),
        ("a<think>b</think>c<think>d</think>e", "ace"),
        ("a<think>b</think>c<think>d", "ac"),
        ("<think></think>\n\nanswer</think>", "\n\nanswer</think>"),
    ],
)
def test_thinking_is_removed(text: str, rest: str) -> None:
    assert remove_thinking(text, THINK) == rest


def test_without_marks_nothing_is_thinking() -> None:
    assert remove_thinking("<think>x</think>", ()) == "<think>x</think>"


def test_all_recorded_completions_give_their_recorded_code() -> None:
    """120 answers of two models, with the code that LiveCodeBench extracted from them."""
    rows = [json.loads(line) for line in shared("lcb_sample_completions.jsonl").read_text().splitlines()]
    assert len(rows) == 120
    assert [row["question_id"] for row in rows if extract(row["output"], "last_fence") != row["code"]] == []
