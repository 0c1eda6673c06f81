"""Waiting on state. The only place where a test may let time pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(probe: Callable[[], T], what: str, *, timeout_s: float = 60.0, every_s: float = 0.02) -> T:
    """The first true value of `probe`; AssertionError that says `what` never happened."""
    ends = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < ends, f"in {timeout_s:.0f} s it never happened: {what}"
        pause.wait(every_s)
