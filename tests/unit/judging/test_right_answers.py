"""The 42 problems of LiveCodeBench whose statements accept other answers: a right one passes, a wrong one fails.

The problems are the sample data's, each with the public tests of its statement.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from farm.benchmarks.livecodebench.answer_rules import RULES
from farm.benchmarks.livecodebench.errata import INTERACTIVE
from farm.benchmarks.livecodebench.rows import problem_of
from farm.benchmarks.registry import errata_of
from farm.errors import DatasetError
from farm.judging.answers import Answers, check_tests
from farm.records import Problem, Verdict
from farm.sandbox.api import Observation
from farm.sandbox.inside.canonical import encode
from tests.support.data import shared

# Right answers to the first public test, from the statements or found by trying: where there are any besides the one
OTHER = {
    "abc311_c": "4\n2 7 5 3",
    "abc315_e": "3 5 4 2",
    "abc333_e": "3\n0 0 1 1 1 0 1 1",
    "abc335_d": "9 10 11 14 15\n8 7 12 13 16\n5 6 T 18 17\n4 3 24 19 20 \n1 2 23 22 21",
    "abc343_a": "3",
    "abc343_e": "Yes\n-10 0 0 -10 0 6 -10 6 1",
    "abc362_c": "Yes\n3 -3 0",
    "abc366_g": "Yes\n2 2 2",
    "abc373_g": "1 2 3",
    "arc181_c": "000\n001\n100",
    "arc183_d": "1 4\n3 2",
    "arc190_a": "2\n0 2 0 1",
    "arc191_c": "100 777\n11 68\n20250126 1\n33 662",
}
WRONG = dict.fromkeys(("abc326_d", "abc343_e", "abc362_c", "abc366_g"), "No") | {"abc343_a": "7"}


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    judging = Answers()
    yield judging
    judging.close()


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    with gzip.open(shared("lcb_right_answers_problems.jsonl.gz"), "rt") as file:
        rows = [json.loads(line) for line in file]
    return {problem.problem_id: problem for problem in (problem_of(row, "public") for row in rows if _has_tests(row))}


def _has_tests(row: dict[str, Any]) -> bool:
    return bool(row["public_test_cases"] != "[]")


def observed(stdout: str = "", value: object = None) -> Observation:
    data = stdout.encode()
    return Observation(
        locked=True, loaded=True, syntax_error=None, exit_code=0, signal=None, limit=None, stdout=data,
        stdout_bytes=len(data), stdout_truncated=False, stderr=b"", frame={"value": encode(value)}, cpu_s=0.1,
        wall_s=0.1, peak_bytes=0,
    )  # fmt: skip


def judged(answers: Answers, problem: Problem, answer: Any, test: int = 0) -> Verdict:
    seen = observed(value=answer) if problem.functional else observed(answer)
    return answers.judge(seen, problem.tests[test], "tokens@1", problem.answers, functional=problem.functional).verdict


def test_the_rules_are_those_of_the_statements(problems: dict[str, Problem]) -> None:
    said = json.loads(shared("lcb_right_answers.json").read_text())["problems"]
    ours = {problem_id: rule for (_, problem_id), rule in RULES.items()}
    assert ours.keys() == said.keys()
    for problem_id, row in said.items():
        rule = ours[problem_id]
        kinds = {
            "tolerance": rule.tolerant, "several answers": bool(rule.checker), "any order": rule.any_order,
            "letter case does not count": rule.any_case, "interactive": rule.interactive,
        }  # fmt: skip
        assert [kind for kind, holds in kinds.items() if holds] == [row["kind"]], problem_id
        if row["kind"] == "tolerance":
            assert rule.absolute == row["error"]
            assert rule.relative == (row["error"] if "relative" in row["error_is"] else None)
    assert errata_of("livecodebench").problems.keys() >= said.keys()
    for problem in problems.values():
        assert problem.answers == ours[problem.problem_id]


def test_every_expected_answer_is_right_in_any_layout(answers: Answers, problems: dict[str, Problem]) -> None:
    for problem in problems.values():
        for number, test in enumerate(problem.tests):
            if not problem.functional and not (problem.answers and problem.answers.interactive):
                for text in (test.output, "  \r\n ".join(test.output.split()), "\n".join(test.output.split()) + "\n\n"):
                    assert judged(answers, problem, text, number) is Verdict.PASSED, problem.problem_id


@pytest.mark.parametrize("problem_id", [name for (_, name), rule in RULES.items() if rule.tolerant])
def test_tolerance(answers: Answers, problems: dict[str, Problem], problem_id: str) -> None:
    problem = problems[problem_id]
    rule = problem.answers
    assert rule is not None and rule.absolute is not None
    for number, test in enumerate(problem.tests):
        expected = float(test.output)
        allowed = max(rule.absolute, (rule.relative or 0) * abs(expected))
        if test.output.strip() in rule.exact:
            assert judged(answers, problem, "-1.000", number) is Verdict.WRONG_ANSWER
            continue
        for error, verdict in ((0.6, Verdict.PASSED), (-0.6, Verdict.PASSED), (3, Verdict.WRONG_ANSWER)):
            value = expected + error * allowed
            said = (value,) if problem.functional else (f"{value:.15f}", f"{value!r}", f"{value:.14e}")
            for answer in said:
                assert judged(answers, problem, answer, number) is verdict, (test.output, answer)


@pytest.mark.parametrize("problem_id", [name for (_, name), rule in RULES.items() if rule.any_case])
def test_letter_case(answers: Answers, problems: dict[str, Problem], problem_id: str) -> None:
    problem = problems[problem_id]
    for number, test in enumerate(problem.tests):
        for text in (test.output.upper(), test.output.lower(), test.output.swapcase()):
            assert judged(answers, problem, text, number) is Verdict.PASSED
        assert judged(answers, problem, re.sub("[a-zA-Z]$", "x", test.output.strip()), number) is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("problem_id", [name for (_, name), rule in RULES.items() if rule.any_order])
def test_any_order(answers: Answers, problems: dict[str, Problem], problem_id: str) -> None:
    problem = problems[problem_id]
    for number, test in enumerate(problem.tests):
        expected = json.loads(test.output)
        assert judged(answers, problem, expected[::-1], number) is Verdict.PASSED
        assert judged(answers, problem, tuple(expected[1:] + expected[:1]), number) is Verdict.PASSED
        wrong = [expected + expected[:1] or [7], [*expected, 7], {"a": expected}, set(expected), None]
        wrong += [expected[1:], expected[:-1] + expected[:1]] if len(expected) > 1 else []
        for value in wrong:
            assert judged(answers, problem, value, number) is Verdict.WRONG_ANSWER


@pytest.mark.parametrize("problem_id", [name for (_, name), rule in RULES.items() if rule.checker])
def test_several_answers(answers: Answers, problems: dict[str, Problem], problem_id: str) -> None:
    if problem_id not in problems:
        pytest.skip("the sample data has no test of it: tests/unit/judging/test_checkers.py has")
    problem = problems[problem_id]
    if problem_id in OTHER:
        assert OTHER[problem_id].split() != problem.tests[0].output.split()
        assert judged(answers, problem, OTHER[problem_id]) is Verdict.PASSED
    for wrong in (WRONG.get(problem_id, "-1"), "", "x", problem.tests[0].output + " 1"):
        assert judged(answers, problem, wrong) is Verdict.WRONG_ANSWER


def test_interactive_problems_are_unjudgeable_by_name(problems: dict[str, Problem]) -> None:
    interactive = [p for p in problems.values() if p.answers is not None and p.answers.interactive]
    assert len(interactive) == 2
    for problem in interactive:
        assert errata_of("livecodebench").problems[problem.problem_id] == INTERACTIVE
        with pytest.raises(DatasetError, match="interactive"):
            check_tests(problem.suite())
