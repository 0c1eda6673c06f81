"""Each limit of docs/sandbox.md section 7 holds, and says so with its own verdict."""

from __future__ import annotations

import pytest

from farm.errors import DatasetError
from farm.records import CaseResult, JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox

LIMITS = Limits(cpu_s=0.5, wall_s=30.0, memory_bytes=128 << 20)
ALL = JudgeSpec(stop="all")


def run(
    sandbox: Sandbox,
    source: str,
    *outputs: str,
    limits: Limits = LIMITS,
    judge: JudgeSpec = JudgeSpec(),  # noqa: B008 - frozen
    given: str = "",
) -> Evaluation:
    tests = tuple(TestCase(input=given, output=output) for output in outputs or ("",))
    return sandbox.evaluate(source, Suite(func_name=None, tests=tests), judge, limits)


def only(evaluation: Evaluation) -> CaseResult:
    assert len(evaluation.cases) == 1
    return evaluation.cases[0]


def test_cpu_time(sandbox: Sandbox) -> None:
    case = only(run(sandbox, "while True: pass"))
    assert (case.verdict, case.limit) == (Verdict.TIME_LIMIT, "cpu")
    assert 0.5 < case.cpu_s < 2.0
    assert "clock=cpu" in case.detail


def test_cpu_time_of_all_threads_counts(sandbox: Sandbox) -> None:
    source = "import hashlib, threading\ndef work():\n while True: hashlib.sha256(bytes(1 << 20))\n"
    source += "for _ in range(4): threading.Thread(target=work).start()"
    assert only(run(sandbox, source)).verdict is Verdict.TIME_LIMIT


def test_whole_seconds_of_cpu_time_hold_without_the_sampler(sandbox: Sandbox) -> None:
    """RLIMIT_CPU stands behind the sampler: the program sees it, and cannot raise it."""
    source = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))"
    assert run(sandbox, source, "(2, 3)").verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(600)",
        "import os\nos.kill(os.getpid(), 19)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\ntime.sleep(600)",
        # The main thread has ended; another one sleeps
        "import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)",
    ],
)
def test_wall_time(sandbox: Sandbox, source: str) -> None:
    case = only(run(sandbox, source, limits=Limits(cpu_s=0.3, wall_s=1.0)))
    assert (case.verdict, case.limit) == (Verdict.TIME_LIMIT, "wall")
    assert case.cpu_s < 0.3
    assert "clock=wall" in case.detail


def test_a_program_is_not_failed_for_less_than_its_limit(sandbox: Sandbox) -> None:
    """RLIMIT_CPU counts ticks and comes up to a tenth early: it must not decide."""
    source = "import time\nwhile time.process_time() < 1.95: pass\nprint(1)"
    for _ in range(3):
        assert run(sandbox, source, "1", limits=Limits(cpu_s=2.0, wall_s=60.0)).verdict is Verdict.PASSED


def test_memory_by_sampling(sandbox: Sandbox) -> None:
    source = "kept = []\nwhile True: kept.append(bytearray(1 << 20))"
    case = only(run(sandbox, source, limits=Limits(memory_bytes=128 << 20)))
    assert case.verdict is Verdict.MEMORY_LIMIT
    assert case.peak_bytes > 100 << 20


def test_memory_by_the_last_word(sandbox: Sandbox) -> None:
    """A program that is over the limit for less than a sample is over the limit."""
    case = only(run(sandbox, "block = b'x' * (200 << 20)\nimport os\nos._exit(0)"))
    assert case.verdict is Verdict.MEMORY_LIMIT


def test_memory_that_is_refused(sandbox: Sandbox) -> None:
    assert only(run(sandbox, "block = bytearray(100 << 30)")).verdict is Verdict.MEMORY_LIMIT
    caught = "try:\n bytearray(100 << 30)\nexcept MemoryError:\n print('caught')"
    assert run(sandbox, caught, "caught").verdict is Verdict.PASSED


def test_peak_is_the_programs_own(sandbox: Sandbox) -> None:
    small, large = run(sandbox, "print(1)", "1"), run(sandbox, "b = b'x' * (50 << 20)\nprint(1)", "1")
    assert only(small).peak_bytes < 8 << 20
    assert 50 << 20 <= only(large).peak_bytes < 66 << 20


def test_stdout(sandbox: Sandbox) -> None:
    case = only(run(sandbox, "while True: print('x' * 1000)", limits=Limits(stdout_bytes=1 << 16)))
    assert (case.verdict, case.limit, case.truncated) == (Verdict.OUTPUT_LIMIT, "stdout", True)


def test_stdout_that_ends_over_the_cap(sandbox: Sandbox) -> None:
    over = 1 << 20  # what an expected output of nothing allows, and one more
    limits = Limits(stdout_bytes=1 << 16)
    assert only(run(sandbox, f"print('x' * {over}, end='')", "x" * over, limits=limits)).verdict is Verdict.PASSED
    assert only(run(sandbox, f"print('x' * {over + 1}, end='')", limits=limits)).verdict is Verdict.OUTPUT_LIMIT


def test_stderr_never_blocks_and_keeps_its_end(sandbox: Sandbox) -> None:
    source = "import sys\nsys.stderr.write('x' * (8 << 20))\nraise KeyError('the end')"
    case = only(run(sandbox, source, limits=Limits()))
    assert case.verdict is Verdict.RUNTIME_ERROR
    assert case.detail == "KeyError: 'the end'"
    assert len(case.stderr_excerpt) <= 1024


def test_result(sandbox: Sandbox) -> None:
    suite = Suite(func_name="f", tests=(TestCase(input="1", output="1"),))
    seen = sandbox.evaluate("def f(x): return 'x' * 5000", suite, JudgeSpec(), Limits(result_bytes=1 << 10))
    assert (only(seen).verdict, only(seen).limit) == (Verdict.OUTPUT_LIMIT, "result")


def test_recursion_has_the_stack_it_needs(sandbox: Sandbox) -> None:
    source = """
import functools, sys
sys.setrecursionlimit(10**6)
@functools.lru_cache(None)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)
print(depth(100_000))
"""
    assert run(sandbox, source, "100000", limits=Limits()).verdict is Verdict.PASSED


def test_descriptors_and_file_size(sandbox: Sandbox) -> None:
    source = """
import os
made = 0
try:
    while True:
        os.pipe()
        made += 2
except OSError as exc:
    print(exc.errno, made < 64)
"""
    assert run(sandbox, source, "24 True").verdict is Verdict.PASSED


def test_threads(sandbox: Sandbox) -> None:
    if "uid" not in sandbox.info.protections:
        pytest.skip("without a uid of its own memory alone bounds a program's threads")
    source = """
import threading
stop, made = threading.Event(), 0
try:
    for _ in range(1000):
        threading.Thread(target=stop.wait).start()
        made += 1
except RuntimeError:
    print(made)
stop.set()
"""
    assert run(sandbox, source, "15", limits=Limits(threads=16)).verdict is Verdict.PASSED


def test_a_program_over_its_size_is_not_run(sandbox: Sandbox) -> None:
    seen = run(sandbox, "#" * 200, limits=Limits(program_bytes=100))
    assert (seen.verdict, seen.first_failure, seen.cases) == (Verdict.SYNTAX_ERROR, None, ())
    assert "too_large" in seen.detail


def test_stop_policies(sandbox: Sandbox) -> None:
    first = run(sandbox, "print(input())", "7", "8", "9", given="8")
    assert [c.verdict for c in first.cases] == [Verdict.WRONG_ANSWER]
    seen = run(sandbox, "print(input())", "7", "8", "9", given="8", judge=ALL)
    assert [c.verdict for c in seen.cases] == [Verdict.WRONG_ANSWER, Verdict.PASSED, Verdict.WRONG_ANSWER]
    assert (first.first_failure, seen.first_failure, seen.verdict) == (0, 0, Verdict.WRONG_ANSWER)


def test_a_syntax_error_is_found_once(sandbox: Sandbox) -> None:
    for source in ("def f(:", "x = '\ud800'", "print(1)\0", "return 1"):
        seen = run(sandbox, source, "1", "1", judge=ALL)
        assert only(seen).verdict is Verdict.SYNTAX_ERROR, source


def test_a_functional_test_that_is_no_json_is_the_datasets_fault(sandbox: Sandbox) -> None:
    for given, output in (("", "1"), ("1\n", "1"), ("[1", "1"), ("1", "one")):
        suite = Suite(func_name="f", tests=(TestCase(input=given, output=output),))
        with pytest.raises(DatasetError, match="test 0 of f"):
            sandbox.evaluate("def f(x): return x", suite, JudgeSpec(), Limits())
