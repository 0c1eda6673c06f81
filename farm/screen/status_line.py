"""One line that says how far something is: rewritten in a terminal, now and then a new one in a pipe."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

LINE_EVERY_S = 5.0
REWRITE_EVERY_S = 0.2


class StatusLine:
    """Shows text on stderr, so that stdout stays the result's. Use as a context manager."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._every_s = REWRITE_EVERY_S if self._terminal else LINE_EVERY_S
        # What is over sooner than that needs no line.
        self._last_at = time.monotonic()
        self._shown = False

    def show(self, text: str) -> None:
        """Show `text` (printable, short) unless the last one is too fresh."""
        now = time.monotonic()
        if now - self._last_at < self._every_s:
            return
        self._last_at = now
        self._write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._shown = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal and self._shown:
            self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        with suppress(OSError):  # whoever read this went away; the work goes on
            sys.stderr.write(text)
            sys.stderr.flush()


class Rate:
    """Units per second over about the last half minute."""

    WINDOW_S = 30.0

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = [(time.monotonic(), 0)]
        self._count = 0

    def add(self, count: int) -> None:
        """Count so many in, now."""
        now = time.monotonic()
        self._count += count
        if now - self._marks[-1][0] >= 0.5:
            self._marks.append((now, self._count))
            while len(self._marks) > 2 and now - self._marks[1][0] > self.WINDOW_S:
                self._marks.pop(0)

    def per_second(self) -> float:
        """0.0 as long as nothing was measured."""
        at, count = self._marks[0]
        elapsed = time.monotonic() - at
        return (self._count - count) / elapsed if elapsed > 0 else 0.0
