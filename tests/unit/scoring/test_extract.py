"""Extraction: which text of an answer is the program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from farm.records import Extraction
from farm.scoring.extract import completed, extract, remove_thinking
from tests.support.data import shared

FIRST, LAST = Extraction(fence="first"), Extraction(fence="last")
FIRST_OR_RAW = Extraction(fence="first", unfenced_signs=("def ", "import ", "for ", "while ", "if "))

TWO_PAIRS = "a\n```python\nfirst = 1\n```\nb\n```\nlast = 2\n```\nc"


def test_first_and_last_pair() -> None:
    assert extract(TWO_PAIRS, FIRST) == "first = 1"
    assert extract(TWO_PAIRS, LAST) == "last = 2"
    assert extract(TWO_PAIRS, FIRST_OR_RAW) == "first = 1"


def test_a_fence_line_holds_the_backticks_anywhere() -> None:
    assert extract("Code: ```python\nx = 1\nend ``` of it", LAST) == "x = 1"


def test_lines_end_at_newline_alone() -> None:
    assert extract("```\r\nx = 1\r\ny = 2\x0c\u2028z\r\n```", FIRST) == "x = 1\r\ny = 2\x0c\u2028z\r"


@pytest.mark.parametrize("how", [FIRST, LAST])
@pytest.mark.parametrize("text", ["", "def f(): pass", "```python\nprint(1)", "``\nx\n``", "``` x ```"])
def test_fewer_than_two_fence_lines_give_no_code(how: Extraction, text: str) -> None:
    assert extract(text, how) == ""


def test_three_fence_lines() -> None:
    """An unclosed fence after a pair: LiveCodeBench takes the last two lines, Tenstorrent the first two."""
    text = "```\na\n```\nb\n```\nc"
    assert extract(text, FIRST) == "a"
    assert extract(text, LAST) == "b"


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
    assert extract(text, FIRST_OR_RAW) == program


@pytest.mark.parametrize(
    ("text", "program"),
    [
        (TWO_PAIRS, "last = 2"),
        ("```python\na\n```\nb\n```python\ncut off", "a"),  # LiveCodeBench's last pair would be the text between
        ("```\na\n```\nb\n```\nc", "a"),
        ("```python\nnever closed\n```python\na\n```", "a"),
        ("```\na\n```\n```\nb\n```", "b"),
        ("```python\na", ""),
        ("no fence", ""),
    ],
)
def test_the_last_block_that_is_closed(text: str, program: str) -> None:
    assert extract(text, Extraction(fence="last_complete")) == program


def test_what_is_put_around_a_program_and_where_it_stops() -> None:
    how = Extraction(fence="first", stop=("\nassert ", "\n# end"), before="import math\n", after="\nmain()\n")
    text = "```python\ndef main(): ...\n# end of it\nassert main()\n```"
    assert extract(text, how) == "import math\ndef main(): ...\nmain()\n"
    assert extract("no program", how) == extract("```\n \n```", how).strip() == ""


def test_the_problems_own_code_goes_before_an_answer() -> None:
    how = Extraction(before="import re\n{prompt}")
    assert extract("    return 1\n", how, "def f():\n") == "import re\ndef f():\n    return 1\n"
    assert extract("x", how, "{prompt}") == "import re\n{prompt}x"  # the code is text, not a template


CODE = Extraction(before="import math\n{prompt}", after="\nmain()\n")


@pytest.mark.parametrize(
    ("given", "program"),
    [
        ("    return 1", "import math\ndef f(): ...\n    return 1\nmain()\n"),
        ("import math\ndef f(): ...\n    return 1\nmain()\n", "import math\ndef f(): ...\n    return 1\nmain()\n"),
        (
            "'doc'\nfrom __future__ import annotations\nx = 1",
            "'doc'\nfrom __future__ import annotations\nimport math\ndef f(): ...\nx = 1\nmain()\n",
        ),
        (
            "from __future__ import annotations, \\\r\n  division\r\nx = 1",
            "from __future__ import annotations, \\\r\n  division\r\nimport math\ndef f(): ...\nx = 1\nmain()\n",
        ),
        (
            "from __future__ import annotations",
            "from __future__ import annotations\nimport math\ndef f(): ...\n\nmain()\n",
        ),
        ("# __future__ (", "import math\ndef f(): ...\n# __future__ (\nmain()\n"),
        (" \n", " \n"),
    ],
)
def test_code_gets_what_an_answers_program_gets(given: str, program: str) -> None:
    assert completed(given, CODE, "def f(): ...\n") == program
    assert completed(completed(given, CODE, "def f(): ...\n"), CODE, "def f(): ...\n") == program


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"function": "f", "stop": ("x",)}, "no other step"),
        ({"fence": "none", "unfenced_signs": ("def ",)}, "without a pair of fence lines"),
        ({"fence": "second"}, "fence"),
        ({"stop": ("",)}, "stop"),
    ],
)
def test_an_extraction_that_contradicts_itself_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Extraction(**fields)


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
        ("draft\n```python\nnever closed\n</think>\nanswer", "\nanswer"),
        ("<think>a '</think>' in a draft</think>answer", "answer"),
        ("<think>plan\n```\ndraft\n</think>answer", "answer"),
    ],
)
def test_thinking_is_removed(text: str, rest: str) -> None:
    assert remove_thinking(text, THINK) == rest


@pytest.mark.parametrize(
    "program",
    [
        "a, b = '<think>', '</think>'",
        "print(input().split('<think>')[0])",
        'print(input().replace("</think>", ""))',
        'print("""\n<think>\n""")',
        "# a <think> in a comment",
    ],
)
@pytest.mark.parametrize(
    "thought", ["<think>plan</think>\n", "begun in the prompt</think>\n", "", "<think>`<think>` begins it</think>"]
)
def test_a_mark_in_a_program_is_no_mark(program: str, thought: str) -> None:
    answer = f"{thought.rpartition('</think>')[2]}Here:\n```python\n{program}\n```\nDone."
    assert remove_thinking(f"{thought.removesuffix(chr(10))}{answer}", THINK) == answer


def test_without_marks_nothing_is_thinking() -> None:
    assert remove_thinking("<think>x</think>", ()) == "<think>x</think>"


def test_all_recorded_completions_give_their_recorded_code() -> None:
    """120 answers of two models, with the code that LiveCodeBench extracted from them."""
    rows = [json.loads(line) for line in shared("lcb_sample_completions.jsonl").read_text().splitlines()]
    assert len(rows) == 120
    assert [row["question_id"] for row in rows if extract(row["output"], LAST) != row["code"]] == []


@pytest.mark.parametrize("piece", ["<think>", "</think>", "<think></think>", "<think>x", "x</think>"])
def test_a_text_of_marks_alone_takes_one_pass(piece: str) -> None:
    """A copy of the rest for each mark takes 20 minutes here."""
    assert remove_thinking(piece * 2_000_000, THINK).strip("x</think>") == ""
