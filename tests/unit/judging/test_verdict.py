"""The order in which one observation's conditions decide: docs/sandbox.md section 8."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from farm.judging.verdict import decide
from farm.records import Limits, Verdict
from farm.sandbox.api import Observation

LIMITS = Limits(cpu_s=2.0, wall_s=6.0, memory_bytes=64 << 20)
GOOD: dict[str, Any] = {
    "locked": True, "loaded": True, "syntax_error": None, "exit_code": 0, "signal": None, "limit": None,
    "stdout": b"1\n", "stdout_bytes": 2, "stdout_truncated": False, "stderr": b"", "frame": None,
    "cpu_s": 0.1, "wall_s": 0.2, "peak_bytes": 1 << 20,
}  # fmt: skip
KILLED = {"exit_code": None, "signal": int(signal.SIGKILL)}


def seen(**changes: Any) -> Observation:
    return Observation(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, None),
        ({"limit": "stdout", **KILLED}, Verdict.OUTPUT_LIMIT),
        ({"limit": "result"}, Verdict.OUTPUT_LIMIT),
        ({"limit": "stdout", "peak_bytes": 1 << 30, "cpu_s": 9.0, **KILLED}, Verdict.OUTPUT_LIMIT),
        ({"limit": "memory", **KILLED}, Verdict.MEMORY_LIMIT),
        ({"peak_bytes": (64 << 20) + 1}, Verdict.MEMORY_LIMIT),
        ({"peak_bytes": 64 << 20}, None),
        ({"peak_bytes": 1 << 30, "limit": "cpu", "cpu_s": 9.0, **KILLED}, Verdict.MEMORY_LIMIT),
        ({"exit_code": 1, "stderr": b"Traceback\nMemoryError\n"}, Verdict.MEMORY_LIMIT),
        ({"exit_code": 1, "stderr": b"MemoryError\nValueError: x\n"}, Verdict.RUNTIME_ERROR),
        ({"exit_code": 0, "stderr": b"MemoryError\n"}, None),
        ({"limit": "cpu", "cpu_s": 2.1, **KILLED}, Verdict.TIME_LIMIT),
        ({"cpu_s": 2.001}, Verdict.TIME_LIMIT),
        ({"cpu_s": 2.0}, None),
        ({"exit_code": None, "signal": int(signal.SIGXCPU), "cpu_s": 2.1}, Verdict.TIME_LIMIT),
        # Early, or sent by the program itself: less CPU time than the limit is never a time limit
        ({"exit_code": None, "signal": int(signal.SIGXCPU), "cpu_s": 1.9}, Verdict.RUNTIME_ERROR),
        ({"limit": "wall", **KILLED}, Verdict.TIME_LIMIT),
        ({"limit": "wall", "loaded": False, **KILLED}, Verdict.TIME_LIMIT),
        ({"loaded": False, "syntax_error": "SyntaxError: x", "exit_code": 1}, Verdict.SYNTAX_ERROR),
        ({"loaded": False, "exit_code": None, "signal": int(signal.SIGSEGV)}, Verdict.RUNTIME_ERROR),
        ({"loaded": False}, Verdict.RUNTIME_ERROR),
        ({**KILLED}, Verdict.RUNTIME_ERROR),
        ({"exit_code": None, "signal": int(signal.SIGSEGV)}, Verdict.RUNTIME_ERROR),
        ({"exit_code": 3}, Verdict.RUNTIME_ERROR),
    ],
)
def test_order(changes: dict[str, Any], verdict: Verdict | None) -> None:
    decision = decide(seen(**changes), LIMITS, functional=False)
    assert decision.verdict == verdict
    assert not decision.void


@pytest.mark.parametrize("changes", [{"locked": False}, {"suspect": "oom_kill rose", **KILLED}])
def test_our_own_failures_are_no_verdict(changes: dict[str, Any]) -> None:
    for more in ({}, {"limit": "stdout"}, {"peak_bytes": 1 << 40}, {"exit_code": 1}, {"cpu_s": 99.0}):
        decision = decide(seen(**{**changes, **more}), LIMITS, functional=False)
        assert decision.verdict is None
        assert decision.void


@pytest.mark.parametrize("frame", [None, [], "value", {"out": 1}])
def test_a_function_must_have_sent_a_result(frame: object) -> None:
    assert decide(seen(frame=frame), LIMITS, functional=True).verdict is Verdict.RUNTIME_ERROR


def test_a_result_of_none_is_a_result() -> None:
    assert decide(seen(frame={"value": None}), LIMITS, functional=True).verdict is None


def test_details_name_the_reason() -> None:
    crash = seen(exit_code=1, stderr=b"Traceback\nZeroDivisionError: division by zero\n")
    assert decide(crash, LIMITS, functional=False).detail == "ZeroDivisionError: division by zero"
    assert decide(seen(exit_code=3), LIMITS, functional=False).detail == "exit code 3"
    dead = seen(exit_code=None, signal=int(signal.SIGSEGV))
    assert decide(dead, LIMITS, functional=False).detail == "SIGSEGV"
    late = seen(limit="wall", clock_s=6.01, **KILLED)
    assert decide(late, LIMITS, functional=False).detail == "clock=wall 6.01 s"
    starved = seen(limit="wall", clock_s=6.01, starved_s=9.5, **KILLED)
    assert "9.50 s without a core" in decide(starved, LIMITS, functional=False).detail
    escape = seen(exit_code=1, stderr=b"E: \x1b[2J\xff\n")
    assert "\x1b" not in decide(escape, LIMITS, functional=False).detail
