"""Rows of LiveCodeBench's other scenarios -> Problem.

`livecodebench/test_generation` (test output prediction): question_id, question_content, starter_code, function_name,
test_id and test, a JSON list with one {input, output, testtype}. `livecodebench/execution-v2` (code execution): id,
code, function_name, input and output, both as Python.

An answer is the right side of an assertion. The extraction rules make a function `farm_answer` of it, so it is
evaluated in the sandbox; what it is compared with stays with the tests (mode `asserts`).
"""

from __future__ import annotations

import ast
import json

from farm.datasets.fields import make, parsed, text
from farm.datasets.lcb import contest_date_of, difficulty_of
from farm.datasets.rows import Fields, Header, RowError, Tests
from farm.records import Asserts, Problem, TestCase
from farm.scoring.answers import ANSWER, question

TEST_OUTPUT = "livecodebench-test-output"
EXECUTION = "livecodebench-execution"


def test_output_header_of(fields: Fields) -> Header:
    """What a selection looks at. Raises RowError, as all here."""
    name = f"{_number_or_text(fields, 'question_id')}/{_number_or_text(fields, 'test_id')}"
    return Header(
        name, TEST_OUTPUT, difficulty_of(text(fields, "difficulty")), contest_date_of(text(fields, "contest_date"))
    )


def test_output_problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem: say what the function returns for one input."""
    _refuse_public(tests)
    header, starter = test_output_header_of(fields), text(fields, "starter_code")
    case = _only_test(text(fields, "test"))
    functions = [node.name for node in ast.walk(parsed("starter_code", starter)) if isinstance(node, ast.FunctionDef)]
    if len(functions) != 1:
        raise RowError(f"starter_code defines {len(functions)} functions, not one")
    arguments = ", ".join(case["input"].split("\n"))
    return make(
        problem_id=header.problem_id,
        title=text(fields, "question_title"),
        statement=text(fields, "question_content"),
        platform=header.platform,
        difficulty=header.difficulty,
        contest_date=header.contest_date,
        starter_code=starter,
        ask=f"assert {functions[0]}({arguments}) == # TODO",
        tests=(TestCase(input=f"assert {ANSWER}() == json.loads({case['output']!r})", output="", public=False),),
        asserts=Asserts(calls=(ANSWER,), setup="import json"),
    )


def execution_header_of(fields: Fields) -> Header:
    """What a selection looks at."""
    level, date = difficulty_of(text(fields, "difficulty")), contest_date_of(text(fields, "contest_date"))
    return Header(text(fields, "id"), EXECUTION, level, date)


def execution_problem_of(fields: Fields, tests: Tests) -> Problem:
    """The problem: say what this code returns for this call."""
    _refuse_public(tests)
    header, code, call, output = (
        execution_header_of(fields),
        *(text(fields, name) for name in ("code", "input", "output")),
    )
    parsed("code", code)
    parsed("input", call)
    parsed("output", f"({output})")
    return make(
        problem_id=header.problem_id,
        title=text(fields, "function_name"),
        statement=code,
        platform=header.platform,
        difficulty=header.difficulty,
        contest_date=header.contest_date,
        starter_code=code,
        ask=call,
        tests=(TestCase(input=f"assert ({output}) == {ANSWER}()", output="", public=False),),
        asserts=Asserts(calls=(ANSWER,), prompt=question(code, call), setup="from math import inf"),
    )


def _only_test(written: str) -> dict[str, str]:
    try:
        cases = json.loads(written)
        [case] = cases
        json.loads(case["output"])
        found = {name: case[name] for name in ("input", "output")}
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise RowError("test: a JSON list of one test with JSON output is wanted") from exc
    if not all(isinstance(value, str) for value in found.values()):
        raise RowError("test: input and output are wanted as strings")
    return found


def _refuse_public(tests: Tests) -> None:
    if tests == "public":
        raise RowError("no public tests")


def _number_or_text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(fields, name)
