"""Turns between the slots of one host: a run that must be alone waits for the others, and they for it.

The wall time-out of a program that was starved of CPU may be the host's fault, so the second run decides
with the other slots idle. The locks are on two files of this package, opened for reading: nothing is created, and no
program can reach them (flock is denied). Where the file system has no such locks, nothing waits.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HERE = Path(__file__).resolve().parent


WAIT_S = 20.0  # a stopped or hanging worker may hold its lock for ever; then a run is not alone
_PAUSE_S = 0.005


class Turns:
    """One slot's part in it. `gate` lets a waiting run stop new ones, so that it cannot starve."""

    def __init__(self) -> None:
        self._gate = os.open(_HERE / "host_lock.py", os.O_RDONLY | os.O_CLOEXEC)
        self._work = os.open(_HERE / "evaluate.py", os.O_RDONLY | os.O_CLOEXEC)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A run beside those of other slots; waits while another slot's is, or wants to be, alone."""
        _take(self._gate, fcntl.LOCK_SH)
        _take(self._work, fcntl.LOCK_SH)
        _release(self._gate)
        try:
            yield
        finally:
            _release(self._work)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A run while no other slot of this host has one; waits for those that have begun."""
        _take(self._gate, fcntl.LOCK_EX)
        _take(self._work, fcntl.LOCK_EX)
        try:
            yield
        finally:
            _release(self._work)
            _release(self._gate)

    def close(self) -> None:
        """Give up the locks' descriptors; idempotent."""
        for fd in (self._gate, self._work):
            if fd >= 0:
                os.close(fd)
        self._gate = self._work = -1


def _take(fd: int, kind: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return
            threading.Event().wait(_PAUSE_S)
        except OSError:  # a file system without locks
            return


def _release(fd: int) -> None:
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_UN)
