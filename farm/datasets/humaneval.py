"""Rows of HumanEval -> Problem.

openai/human-eval, `data/HumanEval.jsonl.gz`: an object per line with task_id, prompt, entry_point,
canonical_solution and test. A completion continues `prompt`; `test` defines `check(candidate)`, which is
called with the function that entry_point names.
"""

from __future__ import annotations

from farm.datasets.fields import make, parsed, text
from farm.datasets.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Difficulty, Problem, TestCase

PLATFORM = "humaneval"


def header_of(fields: Fields) -> Header:
    """What a selection looks at. Raises RowError."""
    return Header(text(fields, "task_id"), PLATFORM, Difficulty.UNKNOWN, "")


def problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem that the fields of a row describe. Raises RowError; no test of HumanEval is public."""
    entry_point, prompt, test = (text(fields, name) for name in ("entry_point", "prompt", "test"))
    if not entry_point.isidentifier():
        raise RowError("entry_point is no Python name")
    parsed("prompt", prompt)
    parsed("test", test)
    if tests == "public":
        raise RowError("no public tests")
    return make(
        problem_id=text(fields, "task_id"),
        title=entry_point,
        statement=prompt,
        platform=PLATFORM,
        starter_code=prompt,
        # One test: the first assertion that fails ends `check`, so there is no result of a later one
        tests=(TestCase(input=f"{test}\ncheck({entry_point})", output="", public=False),),
        asserts=Asserts(calls=(entry_point,), prompt=prompt),
    )
