"""`farm.judge`: verdicts from confined slots of this process."""

from __future__ import annotations

import threading

import pytest

import farm
from farm.errors import ConfigError, DatasetError

TESTS = [("3", "9"), ("5", "25")]
SQUARE, WRONG = "print(int(input()) ** 2)", "print(9)"
QUICK = farm.Limits(cpu_s=1.0, wall_s=5.0)


def verdicts(found: list[farm.Evaluation]) -> list[str]:
    return [each.verdict.value for each in found]


def test_verdicts_come_in_the_order_of_the_programs() -> None:
    found = farm.judge([SQUARE, WRONG, "raise SystemExit(3)", "while True: pass", SQUARE], TESTS, limits=QUICK, slots=2)
    assert verdicts(found) == ["PASSED", "WRONG_ANSWER", "RUNTIME_ERROR", "TIME_LIMIT", "PASSED"]
    assert found[1].first_failure == 1 and [case.index for case in found[0].cases] == [0, 1]


def test_a_suite_for_each_program_names_functions_too() -> None:
    add = farm.Suite(func_name="add", tests=(farm.TestCase(input="1\n2", output="3"),))
    echo = farm.Suite(func_name=None, tests=(farm.TestCase(input="a", output="a"),))
    assert verdicts(farm.judge(["def add(a, b): return a + b", "print(input())"], [add, echo])) == ["PASSED"] * 2


def test_it_works_outside_the_main_thread() -> None:
    found: list[farm.Evaluation] = []
    thread = threading.Thread(target=lambda: found.extend(farm.judge([SQUARE], TESTS)))
    thread.start()
    thread.join(60)
    assert verdicts(found) == ["PASSED"]


def test_no_programs_need_no_sandbox() -> None:
    assert farm.judge([], TESTS) == []


@pytest.mark.parametrize(
    ("tests", "says"),
    [
        ([], "no tests"),
        ([("1", "2", "3")], "pairs of input and expected output"),
        ([("1", 2)], "pairs of input and expected output"),
        ([farm.Suite(func_name=None, tests=(farm.TestCase(input="", output=""),))] * 2, "2 suites for 1 programs"),
    ],
)
def test_tests_that_are_none_are_refused(tests: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        farm.judge([SQUARE], tests)


def test_what_is_wrong_on_this_side_raises_and_is_no_verdict() -> None:
    broken = farm.Suite(func_name="f", tests=(farm.TestCase(input="not JSON", output="1"),))
    with pytest.raises(DatasetError):
        farm.judge(["def f(x): return x"], broken)
    with pytest.raises(ConfigError, match="slots is 0"):
        farm.judge([SQUARE], TESTS, slots=0)
    with pytest.raises(ConfigError, match="confines nothing"):
        farm.judge([SQUARE], TESTS, confinement=farm.Confinement(tier="none"))
