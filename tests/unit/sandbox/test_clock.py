"""The program's clock: fabricated looks through the pure rules, and one real program that is starved."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from farm.sandbox.clock import Look, ProgramClock
from farm.sandbox.proc import ProcessView, clock_kind
from tests.support.wait import wait_until


def clocked(*looks: Look) -> ProgramClock:
    clock = ProgramClock()
    clock.start(0.0)
    for look in looks:
        clock.look(look)
    return clock


def one(at: float, cpu: float, delay: float | None, *, ready: bool = True) -> Look:
    return Look(at, cpu_s=cpu, threads=1, ready=ready, delay_s=delay)


def many(at: float, cpu: float, *, ready: bool) -> Look:
    return Look(at, cpu_s=cpu, threads=4, ready=ready, delay_s=0.0)


def test_an_idle_host_s_clock_is_wall_time() -> None:
    clock = clocked(one(1.0, 1.0, 0.0), one(2.0, 1.5, 0.0, ready=False), one(6.0, 1.5, 0.0, ready=False))
    assert (clock.used_s, clock.starved_s) == (6.0, 0.0)


def test_run_delay_is_left_out() -> None:
    clock = clocked(one(1.0, 0.25, 0.75), one(2.0, 0.5, 1.5), one(3.0, 1.5, 1.5))
    assert (clock.used_s, clock.starved_s) == (1.5, 1.5)


def test_a_wait_counts_while_it_goes_on_and_once() -> None:
    looks = [one(1.0, 1.0, 0.0), one(2.0, 1.0, 0.0), one(3.0, 1.0, 0.0), one(4.0, 1.5, 2.5)]
    assert [clocked(*looks[:n]).used_s for n in (1, 2, 3, 4)] == [1.0, 1.0, 1.0, 1.5]


def test_a_wait_that_began_between_two_looks_counts_as_one() -> None:
    """It ran for 0.25 s and is ready: the rest may be a wait, so the clock does not run ahead of what is known."""
    looks = [one(1.0, 0.25, 0.0), one(2.0, 0.25, 1.75), one(3.0, 1.25, 1.75)]
    assert [clocked(*looks[:n]).used_s for n in (1, 2, 3)] == [0.25, 0.25, 1.25]


def test_sleep_that_was_taken_for_a_wait_is_counted_at_the_next_look() -> None:
    looks = [one(1.0, 0.25, 0.0), one(2.0, 0.5, 0.0, ready=False)]
    assert [clocked(*looks[:n]).used_s for n in (1, 2)] == [0.25, 2.0]


def test_threads_are_given_cpu_time_and_the_time_in_which_none_is_ready() -> None:
    clock = clocked(many(1.0, 0.25, ready=True), many(2.0, 0.5, ready=False), many(3.0, 4.0, ready=True))
    # Starved: 0.25 s of CPU. Then asleep: all of it. Then in parallel on several cores: never faster than wall time
    assert clock.used_s == pytest.approx((0.0 + 0.25) + 1.0 + 1.0)


def test_delays_of_threads_buy_nothing() -> None:
    """Threads that sleep, whatever delay they have piled up by waking each other."""
    looks = [Look(float(at), cpu_s=0.0, threads=64, ready=False, delay_s=100.0 * at) for at in range(1, 7)]
    assert clocked(*looks).used_s == 6.0


def test_a_wait_is_kept_when_a_thread_is_started() -> None:
    clock = clocked(one(1.0, 1.0, 0.0), one(3.0, 1.0, 0.0), many(4.0, 1.5, ready=True))
    assert clock.used_s == 1.5


def test_without_run_delays_one_thread_is_timed_like_several() -> None:
    clock = clocked(one(1.0, 0.25, None), one(2.0, 0.25, None, ready=False))
    assert clock.used_s == 1.25


def test_pauses_are_not_counted() -> None:
    clock = clocked(one(1.0, 1.0, 0.0, ready=False))
    clock.start(10.0)
    clock.look(one(11.0, 1.5, 0.5))
    clock.pass_without_look(12.0)
    assert (clock.used_s, clock.starved_s) == (2.5, 0.5)


SPIN = "while True: pass"
BUSY = 3


@contextmanager
def on_one_cpu() -> Iterator[subprocess.Popen[bytes]]:
    """A program that spins, on one CPU with BUSY others. Each has a session, or autogroups would favour one."""
    cpu = min(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        command = [sys.executable, "-S", "-c", SPIN]
        processes = [subprocess.Popen(command, start_new_session=True) for _ in range(BUSY + 1)]
    finally:
        os.sched_setaffinity(0, before)
    try:
        yield processes[0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_starved_program_has_used_what_it_ran() -> None:
    """Real processes: the clock of a program that spins is its CPU time, however long it takes to get it."""
    with on_one_cpu() as program:
        assert clock_kind(program.pid) == "run-delay"
        pidfd = os.pidfd_open(program.pid)
        view = ProcessView(program.pid, pidfd)
        os.close(pidfd)
        clock, first = ProgramClock(), view.look()
        clock.start(first.at)
        clock.look(first)
        begun_s = clock.used_s

        def has_run_s() -> float:
            seen = view.look()
            clock.look(seen)
            return max(0.0, seen.cpu_s - first.cpu_s - 0.5)

        ran_s = wait_until(has_run_s, "half a second of CPU time") + 0.5
        view.close()
    assert clock.used_s - begun_s == pytest.approx(ran_s, abs=0.1)
    assert clock.starved_s > ran_s
