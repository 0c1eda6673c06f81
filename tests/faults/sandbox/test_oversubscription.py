"""A host with far too few CPUs: no program that passes alone gets a time limit.

What is promised (docs/sandbox.md section 7): limits are held by CPU time and by the program's clock, which leaves out
the time in which the host gave it no core. So a program may use nearly all of its limit, however long that takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from tests.faults.sandbox.programs import JUDGE, LCB, Program
from tests.faults.sandbox.slots import Ran, slots, table, tally, wrong
from tests.faults.sandbox.tiers import tiers
from tests.faults.sandbox.traces import no_traces
from tests.support.experiments.scale import TIMEOUT_S, size

pytestmark = [pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S)]

FOLD = 4
CPUS = sorted(os.sched_getaffinity(0))[: size(2, 1)]  # the same experiment on hosts of all sizes
BUSY = "import os\nwhile os.getppid() == {parent}:\n    for _ in range(100_000): pass"
NUMBERS = " ".join(map(str, range(20_000)))
READ_AND_PRINT = "numbers = list(map(int, input().split()))\nprint(*numbers)\nprint(sum(numbers))"


def spinning(cpu_s: float, judge: JudgeSpec, limits: Limits) -> Program:
    """Uses `cpu_s` seconds of CPU, whatever the machine, and is right."""
    source = f"import time\nn = int(input())\nwhile time.process_time() < {cpu_s}: pass\nprint(n + 1)"
    suite = Suite(func_name=None, tests=(TestCase(input="41\n", output="42\n"),))
    return Program(f"{cpu_s:.2f} s of CPU, {judge.mode}", Verdict.PASSED, source, suite, judge, limits)


def reading(judge: JudgeSpec, limits: Limits) -> Program:
    """Reads and writes 100 KB, and is right."""
    suite = Suite(func_name=None, tests=(TestCase(input=NUMBERS, output=f"{NUMBERS}\n{sum(range(20_000))}\n"),))
    return Program(f"reads and prints, {judge.mode}", Verdict.PASSED, READ_AND_PRINT, suite, judge, limits)


@contextmanager
def on_few_cpus() -> Iterator[None]:
    """This thread, and all threads and processes that it starts, have CPUS alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CPUS)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def oversubscribed() -> Iterator[None]:
    """FOLD busy processes per CPU, each in its own session as programs are: autogroups would favour one."""
    command = [sys.executable, "-S", "-c", BUSY.format(parent=os.getpid())]
    busy = [subprocess.Popen(command, start_new_session=True) for _ in range(FOLD * len(CPUS))]
    try:
        yield
        assert all(process.poll() is None for process in busy)
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            process.wait()


def report(ran: list[Ran]) -> None:
    cases = [case for one in ran if one.evaluation is not None for case in one.evaluation.cases]
    waits = sorted(case.wall_s / max(case.cpu_s, 0.01) for case in cases)
    print(f"{len(ran)} runs, {sum(case.starved_s for case in cases):.1f} s without a core")
    print(f"wall time / CPU time: median {waits[len(waits) // 2]:.1f}, largest {waits[-1]:.1f}")
    print(table(tally(ran)))


@pytest.mark.parametrize("tier", tiers())
def test_beside_busy_processes(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four fifths of the limit are had with a fifth of a CPU, in both modes: what is left is the error of the clock."""
    judge, lcb = Limits(cpu_s=1.2, wall_s=3.6), Limits(cpu_s=2.0, wall_s=6.0)
    programs = [spinning(0.8 * judge.cpu_s, JUDGE, judge), spinning(0.8 * lcb.cpu_s, LCB, lcb)]
    programs += [reading(JUDGE, judge), reading(LCB, lcb)]
    with no_traces(tmp_path, monkeypatch), on_few_cpus(), slots(tier, 2) as opened, oversubscribed():
        ran = opened.run(programs * size(200, 1))
    report(ran)
    assert wrong(ran) == []


@pytest.mark.parametrize("judge", [JUDGE, LCB], ids=lambda judge: judge.mode)
@pytest.mark.parametrize("tier", tiers()[:1])
def test_too_many_slots(tier: str, judge: JudgeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where farm's own slots are four to a CPU, they starve each other, and no verdict changes."""
    limits = Limits(cpu_s=float(size(2, 1)), wall_s=6.0)
    count = FOLD * len(CPUS)
    program = spinning(0.8 * limits.cpu_s, judge, limits)
    with no_traces(tmp_path, monkeypatch), on_few_cpus(), slots(tier, count) as opened:
        ran = opened.run([program] * size(200, count))
    report(ran)
    assert wrong(ran) == []
