"""Waits for a slot of a model server and renews its lease while the request runs.

One thread per worker process talks to Redis for all its requests: it renews held leases, asks for new ones,
and is woken when a request ends, so that a free slot is idle for one round trip at most. A request's deadline
starts when its slot is granted.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from redis.exceptions import RedisError

from farm.admission.slots import LEASE_S, Refused, Slots, Ticket, TicketName

log = logging.getLogger(__name__)

RENEW_S = LEASE_S / 8
GAP_S = 0.01  # at least, between two exchanges; requests that arrive in between share the next one
POLL_S = 0.05  # between two exchanges while a request waits: then a slot that another worker gave back is seen
POLL_MAX_S = 0.5
WANTED_S = 1.0  # how often a waiting request checks that its run still wants it


class NotWanted(Exception):
    """Raised while waiting for a slot if the run is paused or ended, or this worker stops."""


@dataclass(slots=True, eq=False)
class _Request:
    ticket: Ticket
    server: str | None = None
    granted: threading.Event = field(default_factory=threading.Event)


def _says_yes(wanted: Callable[[], bool]) -> bool:
    try:
        return wanted()
    except RedisError:
        return True  # the run did not withdraw the request


class Admission:
    """The requests of one worker process. Thread-safe."""

    def __init__(self, slots: Slots, worker: str) -> None:
        self._slots = slots
        # A worker that restarts under its old name must not renew the leases of its predecessor.
        self._worker = f"{worker}-{secrets.token_hex(4)}"
        self._numbers = count()
        self._changed = threading.Condition()
        self._waiting: dict[TicketName, _Request] = {}
        self._held: dict[TicketName, _Request] = {}
        self._ended: list[Ticket] = []
        self._accepted: Counter[str] = Counter()
        self._refused: dict[str, Refused] = {}
        self._nudged = self._closed = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End all waits; requests that are running continue."""
        self._stopping.set()
        with self._changed:
            for request in self._waiting.values():
                request.granted.set()  # wakes it; without a server it gives up

    def close(self) -> None:
        """End the thread after giving back the slots of ended requests; leases that are still held expire."""
        with self._changed:
            self._closed = True
            self._closing.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def slot(
        self, run_id: str, servers: tuple[str, ...], limit: int, wanted: Callable[[], bool], label: str = ""
    ) -> Iterator[str]:
        """The server that has room for one request, which is made inside the `with`.

        `label` names the sample in the list of requests. `limit` is the number of requests for each server, unless an
        operator set one. Raises NotWanted if `wanted` returns False meanwhile; it is called each second, and the
        wait continues while Redis does not answer.
        """
        name = TicketName(run_id, next(self._numbers), self._worker, label)
        request = _Request(Ticket(name, servers, limit))
        try:
            yield self._wait(request, wanted)
        finally:
            self._end(request)

    def accepted(self, server: str) -> None:
        """The server took a request: it has begun to answer."""
        with self._changed:
            self._accepted[server] += 1
            self._nudge()

    def refused(self, server: str, said: Refused) -> None:
        """The server takes no requests for now, which slows all of them down. Before the slot is given back."""
        with self._changed:
            before = self._refused.get(server)
            if before is None or (said.wait_s or 0.0) >= (before.wait_s or 0.0):
                self._refused[server] = said
            self._nudge()

    # --- the request's own thread -------------------------------------------------------------------

    def _wait(self, request: _Request, wanted: Callable[[], bool]) -> str:
        with self._changed:
            self._waiting[request.ticket.name] = request
            self._nudge()
        asked = time.monotonic()
        while True:
            request.granted.wait(WANTED_S)
            if request.server is not None:
                return request.server
            if self._stopping.is_set():
                raise NotWanted
            if time.monotonic() - asked >= WANTED_S:
                asked = time.monotonic()
                if not _says_yes(wanted):
                    raise NotWanted

    def _end(self, request: _Request) -> None:
        with self._changed:
            self._waiting.pop(request.ticket.name, None)
            self._held.pop(request.ticket.name, None)
            self._ended.append(request.ticket)
            self._nudge()

    def _nudge(self) -> None:
        self._nudged = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._talk, name="farm-admission", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # --- the thread that speaks with Redis ----------------------------------------------------------

    def _talk(self) -> None:
        epoch, renewed, silent = "", 0.0, False
        while True:
            with self._changed:
                if self._closed and not self._ended:
                    return
                self._nudged = False
                waiting = [request.ticket for request in self._waiting.values()]
                ended, self._ended = self._ended, []
                accepted, self._accepted = self._accepted, Counter()
                refused, self._refused = self._refused, {}
                now = time.monotonic()
                due = now - renewed >= RENEW_S
                held = [(r.ticket, r.server or "") for r in self._held.values()] if due else []
            try:
                epoch, granted = self._slots.exchange(
                    self._worker, epoch, waiting=waiting, held=held, ended=ended, accepted=accepted, refused=refused
                )
            except RedisError as exc:
                if not silent:
                    log.warning("no slot can be asked for or renewed, Redis does not answer: %s", exc)
                silent = True
                with self._changed:
                    if self._closed:
                        return
                    self._ended = ended + self._ended
                    self._accepted += accepted
                    self._refused = refused | self._refused
                    self._changed.wait_for(lambda: self._closed, 1.0)
                renewed = 0.0  # Redis may have lost its leases: report them first
                continue
            silent, took_s = False, time.monotonic() - now
            renewed = now if due else renewed
            with self._changed:
                for name, server in granted.items():
                    self._grant(name, server)
                poll_s = min(POLL_MAX_S, max(POLL_S, 10 * took_s))  # do not load a slow Redis
                pause = poll_s if self._waiting else RENEW_S if self._held else None
                self._changed.wait_for(lambda: self._nudged or self._closed, pause)
            self._closing.wait(max(0.0, now + GAP_S - time.monotonic()))

    def _grant(self, name: TicketName, server: str) -> None:
        request = self._waiting.pop(name, None)
        if request is not None:  # otherwise it gave up, and `_ended` gives the slot back
            request.server = server
            self._held[name] = request
            request.granted.set()
