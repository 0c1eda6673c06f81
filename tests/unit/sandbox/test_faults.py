"""What breaks on our side costs no program its verdict, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from farm.errors import SandboxBroken, SandboxLost
from farm.judging.evaluate import JudgingSandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox import plan
from farm.sandbox.api import Observation
from farm.sandbox.runner import RunRequest
from farm.sandbox.slot import RECYCLE_RUNS, Slot
from tests.support.data import ROOT
from tests.support.sandbox import alive, available_tiers, children, cpu_s, zygotes
from tests.support.wait import wait_until

TIERS = available_tiers()
SLOW_SUM = """
import time
end = time.process_time() + 0.4
while time.process_time() < end: pass
print(int(input()) + 1)
"""
BEGUN_S = 0.1  # of CPU: a child locks itself down in less
SUITE = Suite(func_name=None, tests=(TestCase(input="1", output="2"),))


@contextmanager
def opened(tier: str) -> Iterator[tuple[JudgingSandbox, Slot]]:
    (chosen,) = (t for t in plan.TIERS if t == tier)
    slot = Slot(plan.make(chosen, preload=()))
    with JudgingSandbox(slot) as sandbox:
        yield sandbox, slot


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Run `action` in a thread; its failure fails the test."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as exc:
            failed.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()
    assert not failed, failed


def kill_zygote_in_mid_run(others: set[int], times: int) -> None:
    """Kill a zygote, but none of `others`, while it has a child that has run for a while: `times` times, a new one
    each time."""
    killed = set(others)
    for _ in range(times):
        found: list[int] = []

        def busy(seen: set[int] = killed, into: list[int] = found) -> bool:
            pids = [p for p in zygotes() - seen if any(cpu_s(child) > BEGUN_S for child in children(p))]
            into[:] = pids
            return bool(pids)

        wait_until(busy, "a zygote with a program that runs")
        os.kill(found[0], signal.SIGKILL)
        killed.add(found[0])


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("mode", ["judge", "lcb"])
def test_a_zygote_killed_in_mid_run_changes_no_verdict(tier: str, mode: str) -> None:
    judge = JudgeSpec.model_validate({"mode": mode})
    others = zygotes()
    with opened(tier) as (sandbox, slot):
        for source, wanted in ((SLOW_SUM, Verdict.PASSED), (SLOW_SUM.replace("+ 1)", "+ 2)"), Verdict.WRONG_ANSWER)):
            slot.zygote(whole=False)
            with meanwhile(lambda: kill_zygote_in_mid_run(others, 1)):
                seen = sandbox.evaluate(source, SUITE, judge, Limits())
            assert seen.verdict is wanted


@pytest.mark.parametrize("tier", TIERS)
def test_a_sandbox_that_breaks_three_times_is_no_verdict(tier: str) -> None:
    others = zygotes()
    with opened(tier) as (sandbox, _):
        with meanwhile(lambda: kill_zygote_in_mid_run(others, 3)), pytest.raises(SandboxBroken):
            sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits())
        assert sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED


def test_a_slot_that_judges_nothing_else_either_is_the_hosts_fault() -> None:
    """The control is the last sample that the slot judged, so whatever ends that one is seen."""
    others = zygotes()
    with opened(TIERS[0]) as (sandbox, _):
        assert sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
        another = SLOW_SUM + "# another program"
        with meanwhile(lambda: kill_zygote_in_mid_run(others, 4)), pytest.raises(SandboxLost) as lost:
            sandbox.evaluate(another, SUITE, JudgeSpec(), Limits())
        assert not isinstance(lost.value, SandboxBroken) and "another program's after it" in str(lost.value)
        assert sandbox.evaluate(another, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED


def test_one_try_that_the_host_spoiled_is_the_hosts_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    others = zygotes()
    with opened(TIERS[0]) as (sandbox, _):
        tries = [SandboxLost("the host is out of memory")]
        judge = sandbox._observe

        def observe(request: RunRequest) -> Observation:
            if tries:
                raise tries.pop()
            return judge(request)

        monkeypatch.setattr(sandbox, "_observe", observe)
        with meanwhile(lambda: kill_zygote_in_mid_run(others, 2)), pytest.raises(SandboxLost) as lost:
            sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits())
        assert not isinstance(lost.value, SandboxBroken)


def test_what_is_not_confined_may_end_its_sandbox() -> None:
    others = zygotes()
    with opened("none") as (sandbox, _):
        with meanwhile(lambda: kill_zygote_in_mid_run(others, 3)), pytest.raises(SandboxLost) as lost:
            sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits())
        assert not isinstance(lost.value, SandboxBroken)
        assert sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED


def test_a_zygote_killed_between_runs_is_replaced() -> None:
    with opened(TIERS[0]) as (sandbox, slot):
        first = slot.zygote(whole=False).facts["pid"]
        os.kill(first, signal.SIGKILL)
        assert sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
        assert slot.zygote(whole=False).facts["pid"] != first


def test_a_stopped_zygote_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.sandbox.zygote.ANSWER_S", 0.2)
    with opened(TIERS[0]) as (sandbox, slot):
        first = slot.zygote(whole=False).facts["pid"]
        os.kill(first, signal.SIGSTOP)
        assert sandbox.evaluate(SLOW_SUM, SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
        assert not alive(first)


def test_a_zygote_is_recycled() -> None:
    with opened(TIERS[0]) as (sandbox, slot):
        first = slot.zygote(whole=False)
        first.runs = RECYCLE_RUNS - 1
        for _ in range(2):
            assert sandbox.evaluate("print(2)", SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
        assert slot.zygote(whole=False) is not first
        assert not alive(first.facts["pid"])


def test_an_interrupted_evaluation_leaves_no_stale_answer() -> None:
    """An exception from a signal handler, as Ctrl-C raises one, in the middle of a run."""

    class Interruption(Exception):
        pass

    def interrupt(_number: int, _frame: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGUSR1, interrupt)
    main = threading.get_ident()
    try:
        with opened(TIERS[0]) as (sandbox, slot):
            pid = slot.zygote(whole=False).facts["pid"]

            def signal_when_busy() -> None:
                wait_until(lambda: bool(children(pid)), "a child")
                signal.pthread_kill(main, signal.SIGUSR1)

            with meanwhile(signal_when_busy), pytest.raises(Interruption):
                sandbox.evaluate("while True: pass", SUITE, JudgeSpec(), Limits())
            wait_until(lambda: not alive(pid), "the end of the old zygote")
            assert sandbox.evaluate("print(2)", SUITE, JudgeSpec(), Limits()).verdict is Verdict.PASSED
    finally:
        signal.signal(signal.SIGUSR1, before)


WORKER = """
import sys
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.judging.open import open_sandbox
with open_sandbox(tier=sys.argv[1], preload=()) as sandbox:
    print(sandbox._runner.zygote(whole=False).facts["pid"], flush=True)
    sandbox.evaluate("import time\\ntime.sleep(600)", Suite(func_name=None, tests=(TestCase(input="", output=""),)),
                     JudgeSpec(), Limits(wall_s=600.0))
"""


@pytest.mark.parametrize("tier", TIERS)
def test_a_killed_worker_leaves_no_orphan(tier: str) -> None:
    command = [sys.executable, "-c", WORKER, tier]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        try:
            zygote = int(worker.stdout.readline())
            (child,) = wait_until(lambda: children(zygote), "a child of the zygote")
        finally:
            worker.kill()
        wait_until(lambda: not alive(zygote) and not alive(child), "the end of zygote and child")
