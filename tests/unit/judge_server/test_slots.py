"""What a slot makes of a sandbox that breaks."""

from __future__ import annotations

from typing import cast

import pytest

from farm.errors import SandboxBroken, SandboxLost
from farm.judge_server.slots import ATTEMPTS, Task, judged
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox

TASK = Task("print(1)", Suite(func_name=None, tests=(TestCase(input="", output="1"),)), JudgeSpec(), Limits())
PASSED = Evaluation(Verdict.PASSED, None, ())


class Scripted:
    """A sandbox that does what a list says."""

    def __init__(self, *outcomes: Evaluation | Exception) -> None:
        self.outcomes = list(outcomes)

    def evaluate(self, *_: object) -> Evaluation:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def verdict(*outcomes: Evaluation | Exception) -> Evaluation:
    return judged(cast(Sandbox, Scripted(*outcomes)), TASK)


def test_a_program_that_breaks_its_sandbox_each_time_has_failed() -> None:
    broke = SandboxBroken("it broke")
    found = verdict(*[broke] * ATTEMPTS)
    assert (found.verdict, found.first_failure, found.detail) == (Verdict.SANDBOX_BROKEN, 0, "it broke")
    assert verdict(broke, broke, PASSED) == PASSED


def test_what_may_be_the_hosts_fault_is_no_verdict() -> None:
    with pytest.raises(SandboxLost):
        verdict(SandboxBroken("it broke"), SandboxLost("lost"))
