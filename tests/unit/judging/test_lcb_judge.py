"""The trusted side of mode `lcb`: what it makes of frames, ends and clocks, and what it never sends.

The child here is a script of frames, since a hostile child may send any; real children are in
test_lcb_harness.py and in the corpus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from farm.errors import SandboxLost
from farm.judging.lcb import alarm_s, global_limit_s, judge_lcb
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Observation

OFFICIAL = JudgeSpec(mode="lcb", variant="official")
LOADED = {"loaded": True}
ENDED = Observation(
    locked=True, loaded=True, syntax_error=None, exit_code=0, signal=None, limit=None, stdout=b"", stdout_bytes=0,
    stdout_truncated=False, stderr=b"", frame=None, cpu_s=0.0, wall_s=0.0, peak_bytes=1234,
)  # fmt: skip


class Script:
    """A child that answers with the given frames, then is dead. Each exchange adds to its clock, CPU time and
    starvation what `clock`, `cpu` and `starved` say, in seconds."""

    def __init__(
        self,
        *frames: dict[str, Any] | None,
        ended: Observation = ENDED,
        cpu: float = 0.0,
        clock: float = 0.0,
        starved: float = 0.0,
    ) -> None:
        self.frames = list(frames)
        self.ended = ended
        self.cpu = cpu
        self.clock = clock
        self.starved = starved
        self.cpu_s = self.clock_s = self.starved_s = 0.0
        self.received: list[bytes | None] = []
        self.clocks: list[float] = []
        self.alarms: list[float | None] = []
        self.finished = 0

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        self.received.append(payload)
        self.clocks.append(clock_s)
        self.alarms.append(alarm_s)
        self.cpu_s += self.cpu
        self.clock_s += self.clock
        self.starved_s += self.starved
        return self.frames.pop(0) if self.frames else None

    def finish(self) -> Observation:
        self.finished += 1
        return replace(self.ended, cpu_s=self.cpu_s, clock_s=self.clock_s, starved_s=self.starved_s)


def suite(*outputs: str, func_name: str | None = None) -> Suite:
    tests = tuple(TestCase(input=str(place), output=output) for place, output in enumerate(outputs))
    return Suite(func_name=func_name, tests=tests)


def run(script: Script, tests: Suite, judge: JudgeSpec = OFFICIAL, limits: Limits | None = None) -> Evaluation:
    outcome = judge_lcb(script, tests, judge, limits or Limits())
    assert script.finished == 1
    return outcome


def result(script: Script, tests: Suite) -> Evaluation:
    return run(script, tests)


def test_all_right() -> None:
    script = Script(LOADED, {"out": "a\n"}, {"out": "1.0"})
    evaluation = judge_lcb(script, suite("a", "1"), OFFICIAL, Limits())
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.PASSED, None)
    assert [case.verdict for case in evaluation.cases] == [Verdict.PASSED, Verdict.PASSED]
    assert evaluation.cases[0].stdout_bytes == 2
    assert {case.peak_bytes for case in evaluation.cases} == {1234}


def test_the_next_input_waits_for_the_judgement() -> None:
    script = Script(LOADED, {"out": "a"}, {"out": "wrong"}, {"out": "c"})
    evaluation = result(script, suite("a", "b", "c"))
    assert script.received == [None, b"0", b"1"]
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.WRONG_ANSWER, 1)
    assert len(evaluation.cases) == 2


def test_a_program_that_ends_early_passes_nothing() -> None:
    evaluation = result(Script(LOADED, {"out": "a"}), suite("a", "a", "a"))
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.RUNTIME_ERROR, 0)
    assert evaluation.detail == "process ended: exit code 0 in test 1"


def test_stop_all_goes_on_after_a_failure() -> None:
    judge = OFFICIAL.model_copy(update={"stop": "all"})
    script = Script(LOADED, {"out": "x"}, {"error": "error", "detail": "ValueError: x"}, {"out": "c"})
    evaluation = run(script, suite("a", "b", "c"), judge)
    assert [case.verdict.name for case in evaluation.cases] == ["WRONG_ANSWER", "RUNTIME_ERROR", "PASSED"]
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.WRONG_ANSWER, 0)


@pytest.mark.parametrize(
    ("frame", "verdict", "index"),
    [
        ({"error": "error", "detail": "ValueError: ValueError()"}, Verdict.RUNTIME_ERROR, 1),
        ({"error": "error", "detail": "MemoryError: MemoryError()"}, Verdict.MEMORY_LIMIT, 1),
        ({"error": "time", "detail": "TimeoutException"}, Verdict.TIME_LIMIT, 1),
        # The original loses the results of all tests: its list has one entry
        ({"error": "void", "detail": "AttributeError: fileno"}, Verdict.RUNTIME_ERROR, 0),
        ({"error": "end", "detail": "KeyboardInterrupt"}, Verdict.RUNTIME_ERROR, 0),
        ({"failed": "load", "detail": "x"}, Verdict.RUNTIME_ERROR, 0),
        ({"out": 3}, Verdict.RUNTIME_ERROR, 0),
        ({"out": {"s": "zz"}}, Verdict.RUNTIME_ERROR, 0),
        ({"loaded": True}, Verdict.RUNTIME_ERROR, 0),
        ({"value": "b"}, Verdict.RUNTIME_ERROR, 0),
        ({"verdict": "PASSED"}, Verdict.RUNTIME_ERROR, 0),
        ({"error": ["time"], "detail": {"x": 1}}, Verdict.RUNTIME_ERROR, 0),
        ({}, Verdict.RUNTIME_ERROR, 0),
    ],
)
def test_frames_that_are_failures(frame: dict[str, Any], verdict: Verdict, index: int) -> None:
    evaluation = result(Script(LOADED, {"out": "a"}, frame), suite("a", "b"))
    assert (evaluation.verdict, evaluation.first_failure) == (verdict, index)
    assert evaluation.cases[-1].verdict is verdict
    assert evaluation.cases[-1].index == index


def test_a_signalling_nan_loses_the_results_of_all_tests() -> None:
    """It compares with nothing: the original dies of it, where it dies of no other text."""
    evaluation = result(Script(LOADED, {"out": "a"}, {"out": "sNaN"}), suite("a", "1"))
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.RUNTIME_ERROR, 0)
    assert "signalling NaN" in evaluation.detail
    evaluation = result(Script(LOADED, {"out": "a"}, {"out": "2 sNaN"}), suite("a", "1 sNaN"))
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.WRONG_ANSWER, 1)


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        ({"failed": "syntax", "detail": "SyntaxError: invalid syntax (line 1)"}, Verdict.SYNTAX_ERROR),
        ({"failed": "load", "detail": "NameError: x"}, Verdict.RUNTIME_ERROR),
        ({"failed": "load", "detail": "TimeoutException: "}, Verdict.RUNTIME_ERROR),
        ({"error": "end", "detail": "SystemExit"}, Verdict.RUNTIME_ERROR),
        ({"loaded": 1}, Verdict.RUNTIME_ERROR),
        ({"out": "a"}, Verdict.RUNTIME_ERROR),
        (None, Verdict.RUNTIME_ERROR),
    ],
)
def test_a_program_that_does_not_load_fails_at_the_first_test(frame: dict[str, Any] | None, verdict: Verdict) -> None:
    script = Script(frame)
    evaluation = result(script, suite("a"))
    assert (evaluation.verdict, evaluation.first_failure, script.received) == (verdict, 0, [None])


@pytest.mark.parametrize(
    ("ended", "verdict", "index"),
    [
        (replace(ENDED, limit="wall", exit_code=None, signal=9), Verdict.TIME_LIMIT, 1),
        (replace(ENDED, limit="cpu", exit_code=None, signal=24), Verdict.TIME_LIMIT, 1),
        (replace(ENDED, limit="memory", exit_code=None, signal=9), Verdict.MEMORY_LIMIT, 1),
        (replace(ENDED, limit="result", exit_code=None, signal=9), Verdict.OUTPUT_LIMIT, 1),
        (replace(ENDED, limit="stdout", exit_code=None, signal=9), Verdict.OUTPUT_LIMIT, 1),
        (replace(ENDED, exit_code=None, signal=11), Verdict.RUNTIME_ERROR, 0),
        (replace(ENDED, exit_code=3), Verdict.RUNTIME_ERROR, 0),
    ],
)
def test_how_a_child_ended(ended: Observation, verdict: Verdict, index: int) -> None:
    evaluation = result(Script(LOADED, {"out": "a"}, ended=ended), suite("a", "b"))
    assert (evaluation.verdict, evaluation.first_failure) == (verdict, index)
    case = evaluation.cases[-1]
    assert (case.exit_code, case.signal, case.limit) == (ended.exit_code, ended.signal, ended.limit)


@pytest.mark.parametrize(
    "ended",
    [replace(ENDED, suspect="oom_kill rose"), replace(ENDED, locked=False), replace(ENDED, suspect="x", limit="wall")],
)
def test_what_may_be_the_host_s_fault_is_no_verdict(ended: Observation) -> None:
    with pytest.raises(SandboxLost):
        run(Script(LOADED, {"out": "a"}, ended=ended), suite("a", "b"))


def test_a_wrong_answer_in_a_lost_child_is_no_verdict() -> None:
    with pytest.raises(SandboxLost, match="oom_kill"):
        run(Script(LOADED, {"out": "x"}, ended=replace(ENDED, suspect="oom_kill rose")), suite("a"))


def test_a_peak_that_is_found_at_the_end_counts() -> None:
    over = replace(ENDED, peak_bytes=Limits().memory_bytes + 1)
    evaluation = run(Script(LOADED, {"out": "a"}, {"out": "a"}, ended=over), suite("a", "a"))
    assert (evaluation.verdict, evaluation.first_failure) == (Verdict.MEMORY_LIMIT, 1)
    assert evaluation.cases[1].limit == "memory"
    wrong = run(Script(LOADED, {"out": "x"}, ended=over), suite("a"))
    assert wrong.verdict is Verdict.WRONG_ANSWER  # that is what failed it


def test_a_time_out_says_how_long_it_was_starved() -> None:
    frame = {"error": "time", "detail": "TimeoutException"}
    case = run(Script(LOADED, frame, clock=6.0, starved=4.5), suite("a")).cases[0]
    assert (case.verdict, case.starved_s) == (Verdict.TIME_LIMIT, 4.5)


def test_limits_are_of_the_programs_clock() -> None:
    """The last exchange gets what is left of the sample's time; judging and starvation take nothing of it."""
    script = Script(LOADED, {"out": "a"}, {"out": "a"}, clock=6.5, starved=100.0)
    run(script, suite("a", "a"))
    assert script.clocks == [13.0, 7.0, 6.0]
    assert script.alarms == [6, 6, 6]
    late = Script(LOADED, {"out": "a"}, {"out": "a"}, clock=9.5)
    evaluation = run(late, suite("a", "a"))
    assert (evaluation.verdict, len(late.received)) == (Verdict.TIME_LIMIT, 2)


def test_clocks() -> None:
    tt = JudgeSpec(mode="lcb", variant="tt")
    assert alarm_s(Limits()) == 6
    assert alarm_s(Limits(cpu_s=1.5)) == 2
    assert global_limit_s(suite("a", "b"), OFFICIAL, Limits()) == 19
    assert global_limit_s(suite("a", "b"), tt, Limits()) == 14
    script = Script(LOADED, {"out": "a"})
    result(script, suite("a", "b"))
    assert script.clocks[0] <= 13
    assert all(6.9 < wall <= 7 for wall in script.clocks[1:])


FUNCTIONAL: list[tuple[Any, str, Verdict]] = [
    (3, "3", Verdict.PASSED),
    ({"t": [1]}, "[1]", Verdict.PASSED),
    ([{"t": [1]}], "[[1]]", Verdict.WRONG_ANSWER),
    ({"o": "Any"}, "3", Verdict.WRONG_ANSWER),
    ({"a": [1, 2]}, "[1, 2]", Verdict.RUNTIME_ERROR),
    (None, "null", Verdict.PASSED),
]


@pytest.mark.parametrize(("value", "expected", "verdict"), FUNCTIONAL)
def test_returned_values(value: Any, expected: str, verdict: Verdict) -> None:
    evaluation = result(Script(LOADED, {"value": value}), suite(expected, func_name="f"))
    assert evaluation.verdict is verdict


def bad_suite(change: Callable[[TestCase], TestCase]) -> Suite:
    good = TestCase(input="1\n2", output="3")
    return Suite(func_name="f", tests=(good, change(good)))


@pytest.mark.parametrize(
    "change",
    [
        lambda test: test.model_copy(update={"output": "nope"}),
        lambda test: test.model_copy(update={"input": "1\n"}),
        lambda test: test.model_copy(update={"input": ""}),
        lambda test: test.model_copy(update={"output": "1" * 50_001}),
    ],
)
def test_one_bad_functional_test_fails_every_program(change: Callable[[TestCase], TestCase]) -> None:
    """As in the original, which decodes all tests before its first call."""
    script = Script(LOADED, {"value": 3}, {"value": 3})
    evaluation = result(script, bad_suite(change))
    assert (evaluation.verdict, evaluation.first_failure, script.received) == (Verdict.RUNTIME_ERROR, 0, [None])
    assert "test 1 is not JSON" in evaluation.detail


def test_the_expected_output_is_never_sent() -> None:
    script = Script(LOADED, {"out": "secret"}, {"out": "secret"})
    result(script, suite("secret", "secret"))
    assert all(b"secret" not in (payload or b"") for payload in script.received)


def test_output_excerpts_are_bounded_and_printable() -> None:
    output = "\x1b[31m\ud800" * 100_000
    case = result(Script(LOADED, {"out": {"s": output.encode("utf-8", "surrogatepass").hex()}}), suite("a")).cases[0]
    assert len(case.stdout_excerpt) <= 1024
    assert "\x1b" not in case.stdout_excerpt
    assert case.stdout_bytes == 800_000
    assert case.to_json()
