"""The process that calls checkers: what comes back, and that no answer and no checker holds a worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from farm.errors import CheckerFailed
from farm.judging.checking import CheckerProcess
from farm.records import AnswerRule, Suite, TestCase
from tests.support.wait import wait_until


@pytest.fixture
def process() -> Iterator[CheckerProcess]:
    started = CheckerProcess()
    yield started
    started.close()


def test_right_and_wrong(process: CheckerProcess) -> None:
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n") is None
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "8\n") == "8 is the sum"
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "\ud800\udc80 \x00") is not None


def test_large_answers_go_through(process: CheckerProcess) -> None:
    word = "A" * 3_000_000
    assert process.wrong("livecodebench/abc398_f@1", word, word, f"{word}\n") is None


def test_what_a_checker_raises_is_not_the_program_s(process: CheckerProcess) -> None:
    with pytest.raises(CheckerFailed, match=r"abc343_a@1 failed: ValueError"):
        process.wrong("livecodebench/abc343_a@1", "no numbers", "1\n", "9\n")
    with pytest.raises(CheckerFailed, match="no checker livecodebench/no_such@1 is installed"):
        process.wrong("livecodebench/no_such@1", "", "", "")
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n") is None


def _crossing(n: int) -> tuple[str, str]:
    """Points of a matching without a crossing, whose check takes n * n / 2 steps."""
    points = "\n".join(f"{x} {x * x % 5000}" for x in range(n))
    others = "\n".join(f"{x} {x * x % 5000}" for x in range(n))
    return f"{n}\n{points}\n{others}\n", " ".join(map(str, range(1, n + 1)))


def test_a_checker_that_takes_too_long_is_ended() -> None:
    process = CheckerProcess(cpu_s=1)
    given, answer = _crossing(20_000)
    try:
        with pytest.raises(CheckerFailed, match="1 s of CPU"):
            process.wrong("livecodebench/abc373_g@1", given, "-", answer)
        assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n") is None
    finally:
        process.close()


def test_a_checker_that_takes_too_much_memory_fails() -> None:
    process = CheckerProcess(memory_bytes=300 << 20)
    try:
        with pytest.raises(CheckerFailed, match="livecodebench/abc350_c@1"):
            process.wrong("livecodebench/abc350_c@1", f"9000000\n{'100000 ' * 9_000_000}", "0", "0")
    finally:
        process.close()


def test_a_process_that_was_killed_is_replaced(process: CheckerProcess) -> None:
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n") is None
    running = process._process
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    wait_until(lambda: running.poll() is not None, "the process is gone")
    assert process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n") is None


def test_the_process_gets_nothing_of_the_environment(process: CheckerProcess) -> None:
    process.wrong("livecodebench/abc343_a@1", "4 4\n", "1\n", "9\n")
    assert process._process is not None
    with open(f"/proc/{process._process.pid}/environ", "rb") as file:
        assert file.read().rstrip(b"\0").split(b"\0") == [b"PYTHONHASHSEED=0"]


def test_a_rule_travels_in_the_suite_and_is_left_out_where_there_is_none() -> None:
    test = TestCase(input="1", output="1")
    plain = Suite(func_name=None, tests=(test,))
    assert b"answers" not in plain.to_json()
    ruled = Suite(func_name=None, tests=(test,), answers=AnswerRule(absolute=1e-6))
    assert Suite.model_validate_json(ruled.to_json()) == ruled
    assert ruled.record_digest() != plain.record_digest()
