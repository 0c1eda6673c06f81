"""A service that sees ordered runs to their end: one process a run, started again when it dies.

Its only memory is the ledger. So it may be killed and started again, on this host or another one, and
several may share a ledger: the lock of a run decides who drives it. Why processes and not threads:
docs/adr/0012-a-process-per-run.md.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.errors import LedgerError, RunIncomplete
from farm.ledger.control import orders_to_drive, withdraw_order
from farm.ledger.ledger import Ledger
from farm.processes import end

EVERY_S = 1.0
GRACE_S = 40.0  # a paused run waits 10 s for outstanding answers, then records them
WAIT_MAX_S = 30.0  # between two tries of a run
CRASHES = 5  # in a row, each within STEADY_S; more means that it is the run
STEADY_S = 60.0


@dataclass(slots=True)
class _Driven:
    process: subprocess.Popen[bytes]
    since: float


@dataclass(slots=True)
class _Trouble:
    """A run that is to be tried again."""

    tries: int = 0
    crashes: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Service:
    """Starts and watches the processes. Call it from a thread that lasts: they die with it."""

    ledger: Ledger
    start: Callable[[str], subprocess.Popen[bytes]]  # a process that drives this run
    last_words: Callable[[str], str]  # what the process of this run said last
    most: int  # runs at a time
    say: Callable[[str], None]
    alive: Callable[[], None] = lambda: None  # told after each turn: a sign of life
    _driven: dict[str, _Driven] = field(default_factory=dict)
    _trouble: dict[str, _Trouble] = field(default_factory=dict)
    _quiet: bool = False  # the ledger's trouble was told

    def serve(self, stop: threading.Event) -> None:
        """Until `stop` is set; then each run is paused as by Ctrl-C, and is still ordered."""
        try:
            while not stop.is_set():
                try:
                    self._turn(time.monotonic())
                    self._quiet = False
                    self.alive()
                except LedgerError as exc:  # a full disk, a database that is away: it may come back
                    if not self._quiet:
                        self.say(f"cannot use the ledger for now: {exc}")
                    self._quiet = True
                stop.wait(EVERY_S)
        finally:
            end([driven.process for driven in self._driven.values()], grace_s=GRACE_S)

    def _turn(self, now: float) -> None:
        for run_id, driven in list(self._driven.items()):
            code = driven.process.poll()
            if code is not None:
                self._ended(run_id, code, now - driven.since, now)
                del self._driven[run_id]
        orders = orders_to_drive(self.ledger)
        self._trouble = {order.run_id: t for order in orders if (t := self._trouble.get(order.run_id)) is not None}
        for order in orders:
            trouble = self._trouble.get(order.run_id)
            if (
                len(self._driven) < self.most
                and not order.driven
                and order.run_id not in self._driven
                and (trouble is None or now >= trouble.not_before)
            ):
                self._driven[order.run_id] = _Driven(self.start(order.run_id), now)
                self.say(f"run {order.run_id}: driving it")

    def _ended(self, run_id: str, code: int, lived_s: float, now: float) -> None:
        row = self.ledger.run(run_id)
        ordered = any(order.run_id == run_id and not order.driven for order in orders_to_drive(self.ledger))
        if not ordered:
            self.say(f"run {run_id}: {row.state}{f' ({row.reason})' if row.reason else ''}")
            return
        trouble = self._trouble.setdefault(run_id, _Trouble())
        told = code in (RunIncomplete.exit_code, LedgerError.exit_code)  # Redis or the ledger is away: no fault of it
        if lived_s > STEADY_S:
            trouble.tries = trouble.crashes = 0
        trouble.tries += 1
        trouble.crashes = 0 if told else trouble.crashes + 1
        words = self.last_words(run_id)
        if trouble.crashes >= CRASHES:
            withdraw_order(self.ledger, run_id, f"its coordinator ended {CRASHES} times: {words}")
            self.say(f"run {run_id}: paused, its coordinator ended {CRASHES} times: {words}")
            return
        wait_s = min(WAIT_MAX_S, 2.0 ** (trouble.tries - 1))
        trouble.not_before = now + wait_s
        self.say(f"run {run_id}: its coordinator ended (exit code {code}), again in {wait_s:.0f} s: {words}")
