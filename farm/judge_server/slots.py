"""Slots of a judge server: processes that judge one program at a time, each in its confined sandbox.

A slot is a process and no thread, so that many run at a time, and so that a program whose client has gone can be ended
with it. Whoever takes a slot gives it back or discards it; a discarded one is replaced.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from farm.errors import DatasetError, FarmError, SandboxBroken, SandboxUnavailable
from farm.judging.open import DOCKER, open_sandbox
from farm.judging.selftest import require_safe
from farm.processes import die_with_parent
from farm.records import JudgeSpec, Limits, Suite, Verdict
from farm.sandbox.api import Evaluation, Observation, Sandbox, SandboxInfo
from farm.sandbox.confinement import Confinement
from farm.text import one_line

log = logging.getLogger(__name__)
START_S = 60.0  # for a slot to open its sandbox
AGAIN_S = 1.0  # between two tries to start one
ATTEMPTS = 3  # as in a run: docs/adr/0023-what-breaks-its-sandbox.md


@dataclass(frozen=True, slots=True)
class Task:
    """One program to judge on a suite, or with `look` to run once on the suite's first test and tell what was seen."""

    program: str
    suite: Suite
    judge: JudgeSpec
    limits: Limits
    look: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """No verdict: tests that are none (`tests`), or this side failed."""

    reason: str
    tests: bool = False


Outcome = Evaluation | Observation | Fault


@dataclass(frozen=True, slots=True)
class Slot:
    """A process that waits for tasks at the other end of `connection`."""

    process: BaseProcess
    connection: Connection[Task, Outcome | None]

    def send(self, task: Task) -> bool:
        """Begin a task; False if the process is gone."""
        try:
            self.connection.send(task)
        except OSError:
            return False
        return True

    def outcome(self) -> Outcome:
        """The outcome of the task that was begun; waits for it."""
        try:
            found = self.connection.recv()
        except (EOFError, OSError):
            return Fault("the process of a slot ended under this program")
        assert found is not None, "a slot says only once that it is ready"
        return found

    def end(self) -> None:
        """End the process and what it runs."""
        self.process.kill()
        self.process.join()
        self.connection.close()


class SlotPool:
    """A number of slots, of the strongest confinement that passes its self-test on this host.

    Making one raises SandboxUnavailable or ConfigError where programs cannot be confined as asked.
    """

    def __init__(self, number: int, confinement: Confinement) -> None:
        with require_safe(
            confinement.tier, python=confinement.python, preload=confinement.preload, container=confinement.container
        ) as proven:
            self.info: SandboxInfo = proven.info
        tier = DOCKER if self.info.tier.startswith(DOCKER) else self.info.tier
        self.number = number
        self._confinement = Confinement(tier, confinement.python, confinement.preload, confinement.container)
        self._free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        self._missing = threading.Semaphore(number)
        self._all: set[Slot] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        # The kernel ends a slot with the thread that started it, so one thread that stays starts them all
        self._starter = threading.Thread(target=self._start_missing, name="slots", daemon=True)
        self._starter.start()

    def take(self, timeout_s: float) -> Slot | None:
        """A free slot, waited for so long."""
        with contextlib.suppress(queue.Empty):
            return self._free.get(timeout=timeout_s) if timeout_s > 0 else self._free.get_nowait()
        return None

    def give(self, slot: Slot) -> None:
        """Back after its task has an outcome."""
        self._free.put(slot)

    def discard(self, slot: Slot) -> None:
        """End a slot whose task is not wanted any more, or that has died; another takes its place."""
        with self._lock:
            self._all.discard(slot)
        slot.end()
        self._missing.release()

    def close(self) -> None:
        """End all slots."""
        self._closed.set()
        self._missing.release()
        self._starter.join()
        with self._lock:
            for slot in self._all:
                slot.end()
            self._all.clear()

    def _start_missing(self) -> None:
        while True:
            self._missing.acquire()
            if self._closed.is_set():
                return
            slot = self._started()
            if slot is None:
                self._missing.release()
                self._closed.wait(AGAIN_S)
                continue
            with self._lock:
                self._all.add(slot)
            self._free.put(slot)

    def _started(self) -> Slot | None:
        context = multiprocessing.get_context("spawn")  # a copy of a process with threads may never run
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self._confinement), daemon=True)
        try:
            process.start()
            theirs.close()
            if ours.poll(START_S) and ours.recv() is None:
                return Slot(process, ours)
        except (EOFError, OSError) as exc:  # it ended meanwhile, or there are no processes to be had
            log.warning("a slot did not start: %s", one_line(str(exc)) or type(exc).__name__)
        if process.pid is not None:
            Slot(process, ours).end()
        return None


def judged(sandbox: Sandbox, task: Task) -> Evaluation:
    """The evaluation of a task. A program that breaks its sandbox in each of ATTEMPTS has failed.

    Raises as `Sandbox.evaluate`, and SandboxLost for what may be the host's fault.
    """
    for _ in range(ATTEMPTS):
        try:
            return sandbox.evaluate(task.program, task.suite, task.judge, task.limits)
        except SandboxBroken as exc:  # this slot judged another program after each try
            reason = one_line(str(exc), 500)
    return Evaluation(Verdict.SANDBOX_BROKEN, 0, (), detail=reason)


def serve(connection: Connection[Outcome | None, Task], confinement: Confinement) -> None:
    """The process of a slot: opens a sandbox, says so, and judges what it is sent until the other end is closed."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which lets its slots finish
    with open_sandbox(
        tier=confinement.tier,
        python=confinement.python,
        preload=confinement.preload,
        container=confinement.container,
    ) as sandbox:
        connection.send(None)
        while True:
            try:
                task = connection.recv()
            except (EOFError, OSError):
                break
            try:
                outcome: Outcome = (
                    sandbox.observe(task.program, task.suite, 0, task.limits) if task.look else judged(sandbox, task)
                )
            except SandboxUnavailable:
                break  # another process may be able to
            except (FarmError, MemoryError) as exc:
                reason = one_line(f"{type(exc).__name__}: {exc}", 500)
                outcome = Fault(reason, tests=isinstance(exc, DatasetError))
            connection.send(outcome)
    os._exit(0)
