"""The trusted side of mode `asserts`: what it carries, and what it makes of outcomes, ends and clocks.

The children here are scripts of frames, since a hostile child may send any; real ones are in
tests/integration/sandbox/test_asserts.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from farm.errors import DatasetError, SandboxLost
from farm.judging.asserts import AssertsOutcome, judge_asserts, source_of_tests
from farm.records import Asserts, JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Observation

LOADED, PASSED, CALL = {"loaded": True}, {"outcome": "passed"}, {"do": "call", "on": "f", "with": [1], "named": {}}
WRONG = {"outcome": "wrong", "detail": "AssertionError in test 0, line 1"}
ANSWER = {"value": 2, "changed": []}
SUITE = Suite(
    func_name=None,
    tests=(TestCase(input="assert f(1) == 2", output=""), TestCase(input="assert f(2) == 3", output="")),
    asserts=Asserts(calls=("f",)),
)
ENDED = Observation(
    locked=True, loaded=False, syntax_error=None, exit_code=0, signal=None, limit=None, stdout=b"", stdout_bytes=0,
    stdout_truncated=False, stderr=b"", frame=None, cpu_s=0.0, wall_s=0.0, peak_bytes=4321,
)  # fmt: skip


class Script:
    """A child that answers with the given frames, then is dead. Each frame costs `cpu` seconds."""

    def __init__(
        self, *frames: dict[str, Any], ended: Observation = ENDED, cpu: float = 0.0, clock: float = 0.0
    ) -> None:
        self.frames = list(frames)
        self.ended = ended
        self.cpu = cpu
        self.clock = clock
        self.cpu_s = self.clock_s = self.starved_s = 0.0
        self.clocks: list[float] = []
        self.received: list[Any] = []
        self.finished = 0

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        assert alarm_s is None
        self.received.append(payload)
        self.clocks.append(clock_s)
        self.cpu_s += self.cpu
        self.clock_s += self.clock
        self.starved_s += 2 * self.clock
        return self.frames.pop(0) if self.frames else None

    def finish(self) -> Observation:
        self.finished += 1
        return replace(self.ended, cpu_s=max(self.cpu_s, self.ended.cpu_s))


def run(callee: Script, tester: Script, *, stop: str = "first_failure", suite: Suite = SUITE) -> Evaluation:
    return outcome(callee, tester, stop=stop, suite=suite).evaluation


def outcome(callee: Script, tester: Script, *, stop: str = "first_failure", suite: Suite = SUITE) -> AssertsOutcome:
    judge = JudgeSpec.model_validate({"mode": "asserts", "stop": stop})
    try:
        return judge_asserts(callee, tester, suite, judge, Limits())
    finally:
        assert callee.finished
        assert tester.finished


def judged(callee: Script, tester: Script, *, stop: str = "first_failure") -> tuple[Verdict, int | None, str]:
    evaluation = run(callee, tester, stop=stop)
    return evaluation.verdict, evaluation.first_failure, evaluation.detail


def test_both_tests_pass_and_each_side_gets_the_others_words() -> None:
    callee, tester = Script(LOADED, ANSWER, ANSWER), Script(PASSED, CALL, PASSED, CALL, PASSED)
    evaluation = run(callee, tester)
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.PASSED, None)
    assert [(case.index, case.verdict, case.peak_bytes) for case in evaluation.cases] == [
        (0, Verdict.PASSED, 4321),
        (1, Verdict.PASSED, 4321),
    ]
    assert [payload and json.loads(payload) for payload in callee.received] == [None, CALL, CALL]
    assert tester.received[1] == b"assert f(1) == 2"
    assert json.loads(tester.received[2]) == ANSWER
    assert b"== 2" not in b"".join(payload for payload in callee.received if payload)


def test_the_tests_child_is_told_what_the_suite_says() -> None:
    assert json.loads(source_of_tests(SUITE)) == {"calls": ["f"], "prompt": "", "setup": "", "classes": ""}
    secret = SUITE.model_copy(update={"asserts": Asserts(calls=("f",), classes="class A: pass", solution="f = 1")})
    assert json.loads(source_of_tests(secret)) == {
        "calls": ["f"],
        "prompt": "",
        "setup": "",
        "classes": "class A: pass",
    }
    with pytest.raises(DatasetError, match="no Python asserts"):
        source_of_tests(SUITE.model_copy(update={"asserts": None}))


def test_the_first_failure_ends_it_or_not() -> None:
    frames = (PASSED, CALL, WRONG, CALL, PASSED)
    first = run(Script(LOADED, ANSWER, ANSWER), Script(*frames))
    assert [case.verdict for case in first.cases] == [Verdict.WRONG_ANSWER]
    every = run(Script(LOADED, ANSWER, ANSWER), Script(*frames), stop="all")
    assert [case.verdict for case in every.cases] == [Verdict.WRONG_ANSWER, Verdict.PASSED]
    assert (every.verdict, every.first_failure) == (Verdict.WRONG_ANSWER, 0)
    assert every.detail == "AssertionError in test 0, line 1"


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        ({"outcome": "raised", "detail": "ValueError: no"}, Verdict.RUNTIME_ERROR),
        ({"outcome": "raised", "detail": "MemoryError: "}, Verdict.MEMORY_LIMIT),
        ({"outcome": "error", "detail": "TypeError: no", "answers": 1}, Verdict.WRONG_ANSWER),
        (WRONG, Verdict.WRONG_ANSWER),
    ],
)
def test_outcomes_after_an_answer(frame: dict[str, Any], verdict: Verdict) -> None:
    assert judged(Script(LOADED, ANSWER), Script(PASSED, CALL, frame))[:2] == (verdict, 0)


@pytest.mark.parametrize(
    "frame", [{"outcome": "error", "detail": "NameError: x", "answers": 0}, {"outcome": "nonsense"}, {}]
)
def test_tests_that_fail_by_themselves_are_no_verdict(frame: dict[str, Any]) -> None:
    for frames in ((frame,), (PASSED, frame)):
        with pytest.raises(DatasetError, match="fail by themselves"):
            run(Script(LOADED, ANSWER), Script(*frames))
    # Once there was an answer it is the program's, and the dataset's solution may be asked
    asked = outcome(Script(LOADED, ANSWER), Script(PASSED, CALL, frame))
    assert (asked.evaluation.verdict, asked.blames_tests) == (Verdict.WRONG_ANSWER, True)
    first = outcome(Script(LOADED, ANSWER, ANSWER), Script(PASSED, CALL, WRONG, CALL, frame), stop="all")
    assert not first.blames_tests


def test_an_error_that_claims_answers_before_there_was_one_is_the_tests_own() -> None:
    with pytest.raises(DatasetError):
        run(Script(LOADED), Script(PASSED, {"outcome": "error", "detail": "", "answers": 3}))


def test_a_failing_setup_is_the_programs_if_it_called_the_program() -> None:
    tester = Script(CALL, {"outcome": "raised", "detail": "NameError: name 'Node' is not defined"})
    verdict, first, detail = judged(Script(LOADED, {"raised": ["NameError", ""]}), tester)
    assert (verdict, first) == (Verdict.RUNTIME_ERROR, 0)
    assert detail.startswith("in the setup of the tests: NameError")


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        ({"failed": "syntax", "detail": "SyntaxError: bad"}, Verdict.SYNTAX_ERROR),
        ({"failed": "load", "detail": "ZeroDivisionError: no"}, Verdict.RUNTIME_ERROR),
        ({"failed": "load", "detail": "MemoryError: "}, Verdict.MEMORY_LIMIT),
        ({"loaded": 1}, Verdict.RUNTIME_ERROR),
        ({"value": 2}, Verdict.RUNTIME_ERROR),
    ],
)
def test_a_program_that_does_not_load(frame: dict[str, Any], verdict: Verdict) -> None:
    tester = Script()
    assert judged(Script(frame), tester)[:2] == (verdict, 0)
    assert tester.received == []


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        (replace(ENDED, exit_code=0), Verdict.RUNTIME_ERROR),
        (replace(ENDED, exit_code=None, signal=11), Verdict.RUNTIME_ERROR),
        (replace(ENDED, exit_code=None, signal=9, limit="cpu", cpu_s=6.1), Verdict.TIME_LIMIT),
        (replace(ENDED, exit_code=None, signal=24, cpu_s=6.1), Verdict.TIME_LIMIT),
        (replace(ENDED, exit_code=None, signal=9, limit="memory"), Verdict.MEMORY_LIMIT),
        (replace(ENDED, exit_code=None, signal=9, limit="stdout"), Verdict.OUTPUT_LIMIT),
        (replace(ENDED, exit_code=None, signal=9, limit="result"), Verdict.OUTPUT_LIMIT),
    ],
)
def test_a_program_that_ends_in_a_call(ended: Observation, verdict: Verdict) -> None:
    evaluation = run(Script(LOADED, ended=ended), Script(PASSED, CALL))
    assert (evaluation.verdict, evaluation.first_failure) == (verdict, 0)
    assert (evaluation.cases[0].limit, evaluation.cases[0].signal) == (ended.limit, ended.signal)
    # while loading, too
    assert judged(Script(ended=ended), Script(PASSED))[:2] == (verdict, 0)


def test_a_limit_that_is_found_at_the_end_counts() -> None:
    for ended, verdict in (
        (replace(ENDED, peak_bytes=2 << 30), Verdict.MEMORY_LIMIT),
        (replace(ENDED, cpu_s=6.5), Verdict.TIME_LIMIT),
    ):
        evaluation = run(Script(LOADED, ended=ended), Script(PASSED, PASSED, PASSED))
        assert (evaluation.verdict, evaluation.first_failure) == (verdict, 1)


def test_both_children_share_one_wall_limit_by_their_clocks() -> None:
    callee, tester = Script(LOADED, ANSWER, clock=2.0), Script(PASSED, CALL, PASSED, PASSED, clock=3.0)
    run(callee, tester)
    assert callee.clocks == [18.0, 10.0]
    assert tester.clocks == [16.0, 13.0, 8.0, 5.0]


def test_tests_that_use_up_the_time_before_an_answer_are_at_fault_themselves() -> None:
    ended = replace(ENDED, exit_code=None, signal=9, limit="wall", clock_s=18.0)
    with pytest.raises(DatasetError, match="end by themselves"):
        run(Script(LOADED), Script(PASSED, ended=ended))


def test_tests_that_end_after_an_answer_are_the_answers_doing() -> None:
    for ended, verdict in (
        (replace(ENDED, exit_code=None, signal=11), Verdict.WRONG_ANSWER),
        (replace(ENDED, exit_code=None, signal=9, limit="memory"), Verdict.MEMORY_LIMIT),
        (replace(ENDED, exit_code=None, signal=9, limit="cpu"), Verdict.TIME_LIMIT),
    ):
        assert judged(Script(LOADED, ANSWER), Script(PASSED, CALL, ended=ended))[:2] == (verdict, 0)
        with pytest.raises(DatasetError, match="end by themselves"):
            run(Script(LOADED), Script(PASSED, ended=ended))


@pytest.mark.parametrize("fault", [{"locked": False}, {"suspect": "the zygote died"}])
def test_a_child_that_the_host_may_have_ended_is_no_verdict(fault: dict[str, Any]) -> None:
    broken = replace(ENDED, **fault)
    with pytest.raises(SandboxLost):
        run(Script(ended=broken), Script())
    with pytest.raises(SandboxLost):
        run(Script(LOADED, ended=broken), Script(PASSED, CALL))
    with pytest.raises(SandboxLost):
        run(Script(LOADED), Script(PASSED, ended=broken))


def test_an_answer_that_cannot_be_passed_on_is_the_programs() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    verdict, first, detail = judged(Script(LOADED, {"value": deep}), Script(PASSED, CALL))
    assert (verdict, first) == (Verdict.RUNTIME_ERROR, 0)
    assert "no answer" in detail


def test_cases_say_what_they_cost_and_how_long_they_were_starved() -> None:
    callee = Script(LOADED, ANSWER, ANSWER, cpu=0.5, clock=0.25)
    evaluation = run(callee, Script(PASSED, CALL, PASSED, CALL, PASSED))
    assert [(case.cpu_s, case.starved_s) for case in evaluation.cases] == [(1.0, 1.0), (0.5, 0.5)]
    assert evaluation.cpu_s == 1.5
