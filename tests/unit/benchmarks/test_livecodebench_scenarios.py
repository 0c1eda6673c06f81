"""LiveCodeBench's other scenarios: prompts as its own functions make them, answers judged as it judges them.

The digests and verdicts were recorded from LiveCodeBench at 28fef95.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from farm import protocols
from farm.benchmarks.livecodebench.self_repair import check_text, question_in, repair_prompt
from farm.benchmarks.registry import benchmark_of
from farm.benchmarks.rows import RowError
from farm.judging.open import open_sandbox
from farm.protocols import extract_program, render
from farm.records import CaseResult, JudgeSpec, Limits, Message, Problem, Prompt, SampleResult, Suite, TestCase, Verdict
from farm.sandbox.api import Sandbox

PREDICTION: dict[str, object] = {
    "question_title": "sum-two", "question_content": "Given a and b,\nreturn the sum.\n\n", "question_id": "2777",
    "contest_id": "w1", "contest_date": "2023-08-20T00:00:00", "difficulty": "easy", "test_id": 3,
    "test": json.dumps([{"input": '[1, 2]\n"x"', "output": '[2, "y"]', "testtype": "functional"}]),
    "starter_code": "class Solution:\n    def sumTwo(self, a: int, b: int) -> int:\n        pass",
    "function_name": "sumTwo",
}  # fmt: skip
EXECUTED: dict[str, object] = {
    "question_id": "2777", "contest_id": "w1", "contest_date": "2023-08-20T00:00:00", "difficulty": "medium",
    "function_name": "f", "code": "def f(x: int) -> List[int]:\n    return [x, x + 1]\n", "input": "f(x = 4)",
    "output": "[4, 5]", "id": "sample_7", "problem_id": 12, "numsteps": 3,
}  # fmt: skip


def problem(row: dict[str, object]) -> Problem:
    reader = benchmark_of(row).rows
    assert reader is not None
    return reader.problem_of(dict(row), "all")


def digest(prompt: Prompt) -> str:
    return hashlib.sha256(json.dumps([[m.role, m.content] for m in prompt.messages]).encode()).hexdigest()


@pytest.mark.parametrize(
    ("row", "protocol", "expected"),
    [
        (PREDICTION, "test-output", "bf902590db9f8004e7190eb49c0c763ff4b7daabc94bbfab3c9277c881008dbb"),
        (EXECUTED, "execution", "f535b73972abfbddd1cde56ab8e52280538c3b90bbb6cc83c8d39a7e33f2fb2f"),
        (EXECUTED, "execution-cot", "47aafcd0dee20c5f564b458bef6b841503e1d6ac60aa198b6db9e53e41d13bcf"),
    ],
)
def test_prompts_are_those_of_the_source(row: dict[str, object], protocol: str, expected: str) -> None:
    assert digest(render(protocols.get(protocol), problem(row))) == expected


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


def right(sandbox: Sandbox, row: dict[str, object], protocol: str, answer: str) -> bool:
    asked = problem(row)
    assert asked.asserts is not None
    program = extract_program(protocols.get(protocol), answer, asked.asserts.prompt)
    if not program:
        return False
    return sandbox.evaluate(program, asked.suite(), JudgeSpec(mode="asserts"), Limits()).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ('assert sumTwo(1) == [2, "y"]', True),
        ('Text\n```python\nassert sumTwo(1) == [2, "y"]\n```\n', True),
        ('assert sumTwo(1) == [2, "y"] # as said', True),
        ('```\n[2, "y"]\n```', True),
        ('[2, "y"]', False),
        ('assert sumTwo(1) == [2, "z"]', False),
        ("```python\n# first\n  assert sumTwo(1) == [2, 'y']\n```", True),
        ('assert sumTwo(1) == [1 + 1, "y"], "why"', True),
        ('assert sumTwo(1) != [2, "y"]', False),
        ("```python\nx = 1\nassert x == 1\n```", False),
        ('assert f(1) == [2, "y"]\nassert f(2) == 3', False),
        ('assert sumTwo(1) == (2, "y")', False),
        ('assert sumTwo(1) == [2, "y"] == [2, "y"]', True),
        ("", False),
    ],
)
def test_predicted_outputs_get_their_recorded_verdicts(sandbox: Sandbox, answer: str, verdict: bool) -> None:
    assert right(sandbox, PREDICTION, "test-output", answer) is verdict


RECORDED: list[tuple[str, bool]] = [
    ("assert f(x = 4) == [4, 5]\n[/ANSWER]", True),
    ("[4, 5]\n[/ANSWER]", True),
    ("[4, 5]", True),
    ("assert f(x = 4) == [4, 6]\n[/ANSWER]", False),
    ("[4,\n5]\n[/ANSWER]", True),
    ("(4, 5)\n[/ANSWER]", False),
    ("f(x=4)\n[/ANSWER]", True),
    ("[4, 5]\nBecause", True),
    ("== [4, 5] == [1]", True),
    ("", False),
    ("x = 1[/ANSWER]", False),
    ("f(x = 4)\n[/ANSWER]", False),  # the original leaves this sample out of its count
]


@pytest.mark.parametrize("protocol", ["execution", "execution-cot"])
@pytest.mark.parametrize(("answer", "verdict"), RECORDED)
def test_executed_outputs_get_their_recorded_verdicts(
    sandbox: Sandbox, protocol: str, answer: str, verdict: bool
) -> None:
    assert right(sandbox, EXECUTED, protocol, answer) is verdict


def test_an_expected_output_may_use_the_names_that_the_code_has(sandbox: Sandbox) -> None:
    row = {**EXECUTED, "code": "def f(x):\n    return deque([x, inf])\n", "output": "deque([4, inf])"}
    assert right(sandbox, row, "execution", "assert f(x = 4) == deque([4, inf])\n[/ANSWER]")
    assert not right(sandbox, row, "execution", "assert f(x = 4) == deque([4, 5])\n[/ANSWER]")


def test_a_thought_stands_before_the_answer(sandbox: Sandbox) -> None:
    answer = "1. so\n[/THOUGHT]\n[ANSWER]\nassert f(x = 4) == [4, 5]\n[/ANSWER]"
    assert right(sandbox, EXECUTED, "execution-cot", answer)


@pytest.mark.parametrize(
    "answer",
    [
        "[4, 5] if 0 else __import__('os')._exit(0)",
        "type('L', (list,), {'__eq__': lambda s, o: True})()",
        "1) or (True",
    ],
)
def test_what_would_fool_an_evaluation_in_the_grader_is_wrong_here(sandbox: Sandbox, answer: str) -> None:
    assert not right(sandbox, EXECUTED, "execution", f"assert f(x = 4) == {answer}\n[/ANSWER]")


@pytest.mark.parametrize(
    ("row", "change", "says"),
    [
        (PREDICTION, {"test": "[]"}, "test: a JSON list of one test"),
        (PREDICTION, {"starter_code": "x = 1"}, "starter_code defines 0 functions"),
        (EXECUTED, {"output": "[1"}, "output is no Python"),
        (EXECUTED, {"difficulty": "odd"}, "difficulty 'odd'"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(row: dict[str, object], change: dict[str, object], says: str) -> None:
    with pytest.raises(RowError, match=says.replace("[", r"\[")):
        problem({**row, **change})


def test_rows_are_told_by_their_fields() -> None:
    assert [benchmark_of(row).name for row in (PREDICTION, EXECUTED)] == [
        "livecodebench-test-output", "livecodebench-execution",
    ]  # fmt: skip
    assert (problem(PREDICTION).problem_id, problem(EXECUTED).problem_id) == ("2777/3", "sample_7")


# --- self-repair --------------------------------------------------------------------------------


def failed(verdict: Verdict, given: str, **case: Any) -> tuple[SampleResult, Suite]:
    suite = Suite(func_name=None, tests=(TestCase(input="0\n", output="0"), TestCase(input=given, output="3")))
    digest = "0" * 64
    cases = (CaseResult(index=0, verdict=Verdict.PASSED), CaseResult(index=1, verdict=verdict, **case))
    result = SampleResult(
        problem_id="p", index=0, verdict=verdict, first_failure=1, suite_sha256=digest, judge=JudgeSpec(mode="lcb"),
        limits=Limits(), cases=cases, tests_total=2, program_sha256=digest,
    )  # fmt: skip
    return result, suite


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            failed(Verdict.WRONG_ANSWER, "1 2\n", stdout_excerpt="4"),
            "6c779af2fd851f688bee890ed205719fba66dcfd5f7353223400c7348a6c73d2",
        ),
        (
            failed(Verdict.TIME_LIMIT, "1 2\n", detail="TimeoutException()"),
            "cd88e0a06a341c42b52e8edfc3e974989d81558c033fa6dcb3f0034260396b05",
        ),
        (
            failed(Verdict.RUNTIME_ERROR, "x" * 400, detail="ZeroDivisionError('division by zero')"),
            "383d7bf2bed77dbaefd99c661a66a482baf41336224569e07e90a2a1dfc1c37e",
        ),
    ],
)
def test_a_repair_is_asked_for_as_in_the_source(outcome: tuple[SampleResult, Suite], expected: str) -> None:
    assert digest(repair_prompt("Add {code} two numbers.", "print(1)", check_text(*outcome))) == expected


@pytest.mark.parametrize("name", ["official", "tt", "seed", "reason"])
def test_the_question_is_found_in_what_was_asked(name: str) -> None:
    statement = "Two\n\n### Format: odd\nlines {code}"
    asked = Problem(problem_id="p", title="", statement=statement, platform="x", tests=(TestCase(input="", output=""),))
    protocol = protocols.get(name)
    assert question_in(protocol, render(protocol, asked)) == statement
    assert question_in(protocol, Prompt(messages=(Message(role="user", content="def f(): pass"),))) is None
