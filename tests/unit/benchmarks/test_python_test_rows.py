"""Rows of HumanEval and MBPP: what becomes a problem, and what is said about the rest."""

from __future__ import annotations

from typing import Any

import pytest

from farm.benchmarks import humaneval, mbpp
from farm.benchmarks.registry import benchmark_of
from farm.benchmarks.rows import RowError
from farm.ids import sha256_hex
from farm.judging.asserts import source_of_tests
from farm.records import Suite, TestCase

PROMPT = 'def add(a, b):\n    """The sum."""\n'
HUMANEVAL_ROW: dict[str, Any] = {
    "task_id": "HumanEval/900", "prompt": PROMPT, "entry_point": "add", "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}  # fmt: skip
MBPP_ROW: dict[str, Any] = {
    "task_id": 11, "text": "Write a function to add.", "test_setup_code": "", "challenge_test_list": ["assert False"],
    "code": "import sys, os\r\nimport math as m\r\ndef helper(x):\r\n  return x\r\n"
    "def add(a, b):\r\n  return helper(a) + b",
    "test_list": ["assert add(1, 2) == 3", "assert add(1, m.pi) > sys.maxsize * 0"],
}  # fmt: skip


def test_a_row_of_humaneval() -> None:
    problem = humaneval.problem_of(HUMANEVAL_ROW, "all")
    assert (problem.problem_id, problem.title, problem.platform) == ("HumanEval/900", "add", "humaneval")
    assert problem.statement == problem.starter_code == PROMPT
    assert problem.tests == (TestCase(input=f"{HUMANEVAL_ROW['test']}\ncheck(add)", output="", public=False),)
    asserts = problem.suite().asserts
    assert asserts is not None
    assert (asserts.calls, asserts.prompt, asserts.setup) == (("add",), PROMPT, "")
    assert asserts.solution == f"{PROMPT}    return a + b\n"
    told = problem.statement + problem.starter_code + source_of_tests(problem.suite()).decode()
    assert "return a + b" not in told  # neither a prompt nor the tests' process has the solution
    assert humaneval.header_of(HUMANEVAL_ROW).problem_id == problem.problem_id


def test_humaneval_has_no_public_tests() -> None:
    with pytest.raises(RowError, match="no public tests"):
        humaneval.problem_of(HUMANEVAL_ROW, "public")


def test_a_row_of_mbpp() -> None:
    problem = mbpp.problem_of(MBPP_ROW, "public")
    assert (problem.problem_id, problem.title, problem.platform) == ("MBPP/11", "add", "mbpp-test")
    assert [test.input for test in problem.tests] == MBPP_ROW["test_list"]
    asserts = problem.suite().asserts
    assert asserts is not None
    assert asserts.calls == ("add",)  # not the solution's own helper
    assert asserts.setup == "import sys, os\nimport math as m"
    assert mbpp.header_of(MBPP_ROW)[:2] == ("MBPP/11", "mbpp-test")


@pytest.mark.parametrize(
    ("number", "split"),
    [(1, "prompt"), (10, "prompt"), (11, "test"), (510, "test"), (511, "validation"), (600, "validation"),
     (601, "train"), (974, "train"), (975, "other")],
)  # fmt: skip
def test_the_platform_is_the_papers_split(number: int, split: str) -> None:
    assert mbpp.header_of({**MBPP_ROW, "task_id": number}).platform == f"mbpp-{split}"


def test_a_row_of_sanitized_mbpp() -> None:
    row = {key: value for key, value in MBPP_ROW.items() if key not in ("text", "test_setup_code")}
    problem = mbpp.problem_of({**row, "prompt": "Add.", "test_imports": ["import json"]}, "all")
    assert problem.statement == "Add."
    assert problem.suite().asserts is not None
    assert str(problem.model_dump()["asserts"]["setup"]).endswith("\nimport json")


def test_setup_code_and_classes() -> None:
    row = {**MBPP_ROW, "code": "class Node: pass\ndef f(n): return 1", "test_setup_code": "root = Node()\r\nx = 1"}
    problem = mbpp.problem_of({**row, "test_list": ["assert f(root) == x"]}, "all")
    assert problem.asserts is not None
    assert (problem.asserts.calls, problem.asserts.setup) == (("Node", "f"), "root = Node()\nx = 1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": None}, "prompt: a string is wanted, not null"), ({"prompt": "def ("}, "prompt is no Python"),
        ({"test": "def check(:"}, "test is no Python"), ({"test": "(" * 5000}, "test is no Python"),
        ({"entry_point": "a b"}, "no Python name"), ({"task_id": ""}, "problem_id"), ({"task_id": 7}, "task_id"),
        ({"prompt": "'\ud800'"}, "lone surrogate"), ({"prompt": "x = '\0'"}, "prompt is no Python"),
    ],
)  # fmt: skip
def test_bad_rows_of_humaneval(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        humaneval.problem_of({**HUMANEVAL_ROW, **change}, "all")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task_id": "11"}, "task_id: a number"), ({"task_id": True}, "task_id: a number"),
        ({"test_list": "assert"}, "test_list: a list is wanted"), ({"test_list": []}, "no function"),
        ({"test_list": ["assert add(1) ==", "x"]}, "test_list is no Python"), ({"code": "def ("}, "code is no Python"),
        ({"test_list": [5]}, r"test_list\[0\]: a string"), ({"code": "x = 1"}, "no function that code defines"),
        ({"text": 5}, "text: a string"),
    ],
)  # fmt: skip
def test_bad_rows_of_mbpp(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        mbpp.problem_of({**MBPP_ROW, **change}, "all")


def test_a_missing_field_is_named() -> None:
    for row, reader in ((HUMANEVAL_ROW, humaneval.problem_of), (MBPP_ROW, mbpp.problem_of)):
        for name in row.keys() - {"canonical_solution", "challenge_test_list", "test_setup_code", "text"}:
            less = {key: value for key, value in row.items() if key != name}
            with pytest.raises(RowError, match=name):
                reader(less, "all")


def test_an_escape_that_python_does_not_know_is_no_error() -> None:
    """MBPP has 40 solutions with such; Python only warns of them."""
    assert mbpp.problem_of({**MBPP_ROW, "code": "import re\ndef add(a, b): return '\\w'"}, "all")


def test_rows_are_told_apart() -> None:
    lcb: dict[str, Any] = {"question_id": "1", "public_test_cases": "[]"}
    assert [benchmark_of(row).name for row in (HUMANEVAL_ROW, MBPP_ROW, lcb)] == ["humaneval", "mbpp", "livecodebench"]


def test_a_suite_without_asserts_has_no_field_of_them() -> None:
    suite = Suite(func_name=None, tests=(TestCase(input="1", output="2"),))
    assert suite.to_json() == b'{"func_name":null,"tests":[{"input":"1","output":"2","public":true}]}'
    assert suite.record_digest() == sha256_hex(suite.to_json())
    assert Suite.model_validate_json(suite.to_json()) == suite
