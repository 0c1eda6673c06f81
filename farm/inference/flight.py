"""A request in flight as other threads see it: when its last token came, and how to end it.

The thread that makes the request is busy reading. Whether the server hangs is decided by a thread that looks at all
requests of that server together (`farm.admission.server_watch`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from farm.inference.connection.watchdog import Guard


class Flight:
    """A request from its slot to its end. All methods are safe from any thread."""

    def __init__(self, on_accepted: Callable[[], None] = lambda: None) -> None:
        self.accepted = on_accepted  # called when the server takes the request: it begins to answer
        self.begun = self.heard = time.monotonic()
        self.tokens = 0  # events with text in them; a server may put several tokens into one
        self.streams = True  # False: the server says nothing before the answer is complete
        self._guard: Guard | None = None
        self._ended = False

    def attach(self, guard: Guard) -> None:
        """The request is under this guard from now on."""
        self._guard = guard
        if self._ended:
            guard.end()

    def token(self) -> None:
        """The server said something."""
        self.tokens += 1
        self.heard = time.monotonic()

    def silent_s(self) -> float:
        """Seconds since the last token, or since the beginning."""
        return time.monotonic() - self.heard

    def end(self) -> None:
        """Break the request off: it raises Stalled in its thread."""
        self._ended = True
        if self._guard is not None:
            self._guard.end()
