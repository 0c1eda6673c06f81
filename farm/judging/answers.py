"""Mode `judge`: is what a program answered right? By expected output, statement's rule, or checker.

The expected answer is always right, so a checker is asked only about others. Whatever a hostile answer makes our own
comparison raise costs the program that test: see `guarded`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from farm import text
from farm.errors import DatasetError
from farm.judging.checking import CheckerProcess
from farm.judging.texts import equal_text
from farm.judging.values import equal_value, plain_json
from farm.records import AnswerRule, Suite, TestCase, Verdict
from farm.sandbox.api import Observation

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one answer: PASSED or WRONG_ANSWER. The fields are those of a CaseResult."""

    verdict: Verdict
    detail: str = ""
    decided_by: Literal["comparison", "checker", "fault"] = "comparison"


def guarded(compare: Callable[[], _Result]) -> tuple[_Result | None, str]:
    """What a comparison gives; (None, why) if it raises, which is logged.

    What is compared is bounded in size and depth before, so nothing is known to raise. If something does, the
    answer is to blame: a test fails then, where an exception would leave the whole run without a score. MemoryError is
    the host's and goes on.
    """
    try:
        return compare(), ""
    except MemoryError:
        raise
    except Exception as error:
        log.exception("the comparison of an answer raised; the test counts as failed")
        return None, f"the comparison of this answer raised {type(error).__name__}"


def check_tests(suite: Suite) -> None:
    """Raises DatasetError for tests by which no program can be judged: an interactive problem, or a functional
    test whose lines or output are no JSON."""
    if suite.answers is not None and suite.answers.interactive:
        raise DatasetError(
            "this problem is interactive: its tests cannot answer the program",
            remedy="leave it out with --exclude-errata, or judge as LiveCodeBench does with --judge lcb",
        )
    if suite.func_name is None:
        return
    for index, test in enumerate(suite.tests):
        try:
            for line in (*test.input.split("\n"), test.output):
                json.loads(line, parse_int=float)  # its form alone matters here, not its digits
        except (ValueError, RecursionError) as exc:
            raise DatasetError(f"test {index} of {suite.func_name} is not JSON line by line: {exc}") from exc


class Answers:
    """Judges answers, and holds the process that calls checkers. Not thread-safe: a slot has one."""

    def __init__(self) -> None:
        self._checkers = CheckerProcess()

    def judge(
        self, seen: Observation, test: TestCase, comparator: str, rule: AnswerRule | None, *, functional: bool
    ) -> Judged:
        """The verdict on what a program that ended well has answered. CheckerFailed if its checker cannot tell."""
        if functional:
            assert isinstance(seen.frame, dict)  # or it had not ended well
            value = seen.frame["value"]
            same, fault = guarded(lambda: equal_value(value, test.output, mode="judge", rule=rule))
        else:
            output = text.decode_output(seen.stdout)
            same, fault = guarded(lambda: equal_text(output, test.output, comparator, rule))
        if fault:
            return Judged(Verdict.WRONG_ANSWER, fault, "fault")
        if same:
            return Judged(Verdict.PASSED)
        if rule is None or not rule.checker or comparator == "strip@1":
            return Judged(Verdict.WRONG_ANSWER)
        actual = plain_json(value) if functional else output
        if actual is None:
            return Judged(Verdict.WRONG_ANSWER, "the returned value is no JSON")
        wrong = self._checkers.wrong(rule.checker, test.input, test.output, actual)
        return Judged(Verdict.PASSED if wrong is None else Verdict.WRONG_ANSWER, wrong or "", "checker")

    def close(self) -> None:
        """End the checkers' process; idempotent."""
        self._checkers.close()
