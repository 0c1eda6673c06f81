"""Ends a request when its time is over, whatever the server is doing.

A socket's read timeout counts one read: a server that sends a byte every ten seconds, in a body or in
its headers, never trips it. So one thread per client knows when each request must end and shuts its
socket down then, which wakes the reader in mid-read. The guard remembers why, and the caller turns
the broken read into the right error.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Literal


class Guard:
    """The time that one request has left. All methods are safe from any thread."""

    def __init__(self, watchdog: Watchdog, deadline_s: float, patience_s: float) -> None:
        now = time.monotonic()
        self._watchdog = watchdog
        self._deadline = now + deadline_s
        self._expires = min(self._deadline, now + patience_s)
        self._sock: socket.socket | None = None
        self.expired: Literal["", "deadline", "silence"] = ""  # what ended the request, once it did

    def attach(self, sock: socket.socket) -> None:
        """This socket carries the request from now on."""
        with self._watchdog.changed:
            self._sock = sock
            if self.expired:
                self._shut()

    def progress(self, patience_s: float) -> None:
        """Something arrived: the request may be silent for `patience_s` again, within its deadline."""
        with self._watchdog.changed:
            self._expires = min(self._deadline, time.monotonic() + patience_s)
            self._watchdog._expect(self._expires)

    def end(self) -> None:
        """End the request now, as if it had been silent for too long; nothing if it is over already."""
        with self._watchdog.changed:
            if self in self._watchdog._guards:  # else the socket may carry another one
                self._watchdog._guards.discard(self)
                self.expired = "silence"
                self._shut()

    def remaining_s(self) -> float:
        """Seconds to the total deadline, not below zero."""
        return max(0.0, self._deadline - time.monotonic())

    def _expire(self) -> None:
        self.expired = "deadline" if self._expires >= self._deadline else "silence"
        self._shut()

    def _shut(self) -> None:
        if self._sock is not None:
            with contextlib.suppress(OSError):  # already disconnected
                # the base class's method: the TLS one also drops state that the reader is using
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


class Watchdog:
    """Watches the requests of one client."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._guards: set[Guard] = set()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._looks_at = float("inf")  # monotonic time at which the thread looks next

    @contextlib.contextmanager
    def guard(self, *, deadline_s: float, patience_s: float) -> Iterator[Guard]:
        """Watches over what is done inside the `with`: `deadline_s` in all, `patience_s` of silence."""
        guard = Guard(self, deadline_s, patience_s)
        with self.changed:
            self._guards.add(guard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="farm-request-watchdog", daemon=True)
                self._thread.start()
            self._expect(guard._expires)
        try:
            yield guard
        finally:
            with self.changed:
                self._guards.discard(guard)

    def close(self) -> None:
        """Ends the thread."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _expect(self, expires: float) -> None:
        """Wake the thread if it would look too late. Most calls come with a token, which only gives more time."""
        if expires < self._looks_at:
            self.changed.notify_all()

    def _watch(self) -> None:
        with self.changed:
            while not self._closed:
                now = time.monotonic()
                for guard in [g for g in self._guards if g._expires <= now]:
                    self._guards.discard(guard)
                    guard._expire()
                self._looks_at = min((g._expires for g in self._guards), default=float("inf"))
                self.changed.wait(None if self._looks_at == float("inf") else max(0.0, self._looks_at - now))
