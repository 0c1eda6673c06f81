"""Judging the programs of one request on the slots that are free, while its client waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait

from farm.errors import FarmError
from farm.judge_server.slots import Outcome, Slot, SlotPool, Task

LOOK_S = 0.05  # from one look at the client to the next while no slot is free
WAITING_FOR_EACH_SLOT = 16  # programs that wait at most, by default


class Overloaded(FarmError):
    """Raised when more programs wait than the server lets wait. `retry_after_s`: when there may be room."""

    def __init__(self, waiting: int, retry_after_s: float) -> None:
        super().__init__(f"{waiting} programs wait already", remedy=f"try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class ClientGone(FarmError):
    """Raised when the client of a request has hung up: its programs were ended."""


class BudgetSpent(FarmError):
    """Raised when the time that a request gave itself is over before each program has a verdict."""


class Service:
    """Judges for many requests at a time. `most_waiting`: programs without a slot, of all requests together."""

    def __init__(self, pool: SlotPool, most_waiting: int | None = None) -> None:
        self.pool = pool
        self.most_waiting = WAITING_FOR_EACH_SLOT * pool.number if most_waiting is None else most_waiting
        self._changed = threading.Condition()
        self._open = 0  # programs of all requests without an outcome
        self._answers = 0  # requests whose answer is not sent yet
        self._took_s = 0.1  # of a program, lately

    def judge(
        self,
        tasks: Sequence[Task],
        done: Callable[[int, Outcome], None],
        *,
        client_gone: Callable[[], bool],
        budget_s: float | None = None,
    ) -> None:
        """Judge all tasks; `done` is told each outcome with the task's place, in the order in which they end.

        Raises Overloaded before anything was begun, ClientGone and BudgetSpent after what still ran was ended.
        """
        until = None if budget_s is None else time.monotonic() + budget_s
        with self._admitted(len(tasks)):
            _Request(self.pool, tasks, done, client_gone, until, self._ended).run()

    @property
    def programs(self) -> int:
        """Programs that run or wait."""
        return self._open

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around the work on a request and the sending of its answer."""
        with self._changed:
            self._answers += 1
        try:
            yield
        finally:
            with self._changed:
                self._answers -= 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        """Wait until every request that was begun has its answer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._answers)

    @contextmanager
    def _admitted(self, programs: int) -> Iterator[None]:
        with self._changed:
            waiting = max(0, self._open - self.pool.number)
            # A request of more programs than may wait is taken while there is no other
            if self._open and self._open + programs - self.pool.number > self.most_waiting:
                raise Overloaded(waiting, max(1.0, waiting * self._took_s / self.pool.number))
            self._open += programs
        try:
            yield
        finally:
            with self._changed:
                self._open -= programs

    def _ended(self, took_s: float) -> None:
        with self._changed:
            self._took_s += (took_s - self._took_s) / 16


class _Request:
    def __init__(
        self,
        pool: SlotPool,
        tasks: Sequence[Task],
        done: Callable[[int, Outcome], None],
        client_gone: Callable[[], bool],
        until: float | None,
        ended: Callable[[float], None],
    ) -> None:
        self._pool, self._tasks, self._done = pool, tasks, done
        self._client_gone, self._until, self._ended = client_gone, until, ended
        self._running: dict[Slot, tuple[int, float]] = {}  # place of its task, and when it began
        self._places = iter(range(len(tasks)))
        self._next = next(self._places, None)

    def run(self) -> None:
        try:
            while self._next is not None or self._running:
                self._begin()
                self._collect()
                self._check()
        finally:
            for slot in self._running:
                self._pool.discard(slot)

    def _begin(self) -> None:
        while self._next is not None:
            slot = self._pool.take(0 if self._running else LOOK_S)
            if slot is None:
                return
            if not slot.send(self._tasks[self._next]):
                self._pool.discard(slot)
                continue
            self._running[slot] = self._next, time.monotonic()
            self._next = next(self._places, None)

    def _collect(self) -> None:
        by_connection = {slot.connection: slot for slot in self._running}
        for ready in wait(list(by_connection), timeout=LOOK_S) if by_connection else ():
            slot = by_connection[ready]  # type: ignore[index]
            outcome = slot.outcome()
            place, began = self._running.pop(slot)
            if slot.process.is_alive():
                self._pool.give(slot)
            else:
                self._pool.discard(slot)
            self._ended(time.monotonic() - began)
            self._done(place, outcome)

    def _check(self) -> None:
        if self._next is None and not self._running:
            return
        if self._until is not None and time.monotonic() > self._until:
            raise BudgetSpent("the time of this request is over", remedy="give it a larger budget_s, or fewer programs")
        if self._client_gone():
            raise ClientGone("the client has hung up")
