"""Detects a model server that hangs or is down, and aborts as few of its requests as possible.

Servers of large models hang: connections stay open, requests stay in flight, no token arrives. A time-out for
each request would then abort all of them at once, and aborted requests can crash the backend of
Tenstorrent's vLLM (tenstorrent/vllm#145). So the stall time applies to a server, not to a request:

* No token on any of its requests and no change of its counters for the stall time: the server is stalled. It gets no
  new requests, and none is aborted. It is well again when a token arrives or a counter changes.
* Twice that time: its requests are aborted one at a time, with a health check after each, and sent again, to
  another server if there is one. When the last one is gone, the server is asked for one token; if it arrives,
  the server is well.
* The server cannot be reached, or says that it is not ready: it is down. It is checked with growing pauses
  until it answers for the right model and gives one token.
* One request is silent while others make progress: only that one is aborted.

One thread per server and worker process reports tokens; one elected worker checks the server itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from redis.exceptions import RedisError

from farm.admission.server_health import ServerFacts, ServerHealth
from farm.errors import InferenceError, Permanent, ServerUnwell, Transient
from farm.inference.client import Client
from farm.inference.flight import Flight
from farm.inference.readiness import check
from farm.text import one_line

log = logging.getLogger(__name__)

TICK_S = 1.0
PACE_S = 1.0  # between two requests that are aborted
RECHECK_MAX_S = 15.0
DEAD_SILENCE_S = 30.0  # a request to a server that is down may have lost its connection unnoticed


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a run expects of its servers: the model, and how long they may be silent."""

    model: str  # as requests name it
    engine: str
    chat: bool
    stall_s: float
    first_token_s: float
    model_list: bool = True  # whether the server has /v1/models


class ServerWatch:
    """Monitors the servers that one worker process sends requests to. Thread-safe."""

    def __init__(self, health: ServerHealth, worker: str, checker: Callable[[str, str], Client]) -> None:
        """`checker` makes a client for a URL and engine, with a short deadline for health checks."""
        self._health, self._worker, self._checker = health, worker, checker
        self._lock = threading.Lock()
        self._monitors: dict[str, ServerMonitor] = {}

    @contextmanager
    def over(self, urls: Sequence[str], expectation: Expectation) -> Iterator[None]:
        """Monitors the servers of a request, from before its slot is granted until after its answer."""
        monitors = [self._monitor(url, expectation) for url in urls]
        for monitor in monitors:
            monitor.join()
        try:
            yield
        finally:
            for monitor in monitors:
                monitor.leave()

    @contextmanager
    def flight(self, url: str, on_accepted: Callable[[], None]) -> Iterator[Flight]:
        """Registers a running request with the server's monitor; `on_accepted` is called when the server takes it."""
        flight = Flight(on_accepted)
        monitor = self._monitors[url]
        monitor.begin(flight)
        try:
            yield flight
            monitor.answered()
        finally:
            monitor.finish(flight)

    def report(self, url: str, error: InferenceError) -> None:
        """Check the server after a request failed as if it were down, and mark it down for all if it is."""
        self._monitors[url].suspect(error)

    def require_one_well(self, urls: Sequence[str], patience_s: float) -> None:
        """Raises ServerUnwell if none of the servers has been well for so long."""
        sick_s, reason = self._health.sick_for(urls)
        if sick_s > patience_s:
            raise ServerUnwell(f"no model server has been well for {sick_s:.0f} s: {reason}")

    def _monitor(self, url: str, expectation: Expectation) -> ServerMonitor:
        with self._lock:
            monitor = self._monitors.get(url)
            if monitor is None:
                monitor = self._monitors[url] = ServerMonitor(url, self._health, self._worker, self._checker)
            monitor.expectation = expectation
            return monitor


class ServerMonitor:
    """Monitors one server for one worker process."""

    expectation: Expectation

    def __init__(self, url: str, health: ServerHealth, worker: str, checker: Callable[[str, str], Client]) -> None:
        self._url, self._health, self._worker, self._checker = url, health, worker, checker
        self._changed = threading.Condition()
        self._flights: set[Flight] = set()
        self._interested = 0
        self._thread: threading.Thread | None = None
        self._past = self._told = 0  # tokens of requests that are over; tokens at the last report
        self._next_check = self._check_pause = 0.0

    # --- requests -----------------------------------------------------------------------------------

    def join(self) -> None:
        with self._changed:
            self._interested += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="farm-watch", daemon=True)
                self._thread.start()

    def leave(self) -> None:
        with self._changed:
            self._interested -= 1
            if not self._interested:
                self._changed.notify_all()

    def begin(self, flight: Flight) -> None:
        with self._changed:
            self._flights.add(flight)

    def answered(self) -> None:
        with self._changed:
            self._past += 1

    def finish(self, flight: Flight) -> None:
        with self._changed:
            self._flights.discard(flight)
            self._past += flight.tokens

    def suspect(self, error: InferenceError) -> None:
        try:
            self._client().health()
        except Transient as exc:
            log.warning("%s is down: %s", self._url, one_line(str(exc), 300))
            try:
                self._health.mark_sick(self._url, "down", one_line(str(exc), 300))
            except RedisError as exc_redis:
                log.warning("%s cannot be marked as down, Redis does not answer: %s", self._url, exc_redis)
        except InferenceError:
            return  # it answered, so it is up
        else:
            log.info("%s failed a request and is up: %s", self._url, one_line(str(error), 300))

    # --- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                pause = min(TICK_S, self.expectation.stall_s / 4)
                self._changed.wait_for(lambda: not self._interested, pause)
                if not self._interested:
                    self._thread = None
                    return
            try:
                self._tick()
            except RedisError as exc:
                log.warning("the health of %s is unknown, Redis does not answer: %s", self._url, exc)

    def _tick(self) -> None:
        with self._changed:
            flights = list(self._flights)
            tokens = self._past + sum(flight.tokens for flight in flights)
        facts = self._health.read(self._url)
        if tokens != self._told:
            self._told = tokens
            self._health.progress(self._url)
            if facts.sick == "stalled":
                self._well("it answers again")
            if facts.sick != "down":
                self._end_straggler(flights)
                return
        elif facts.sick is not None:
            self._end_hopeless(flights, facts)
        if self._health.elected(self._url, self._worker):
            if facts.sick is None:
                self._look_for_stall(facts)
            else:
                self._look_for_recovery(facts)

    def _look_for_stall(self, facts: ServerFacts) -> None:
        patience_s = self._patience_s(facts)
        if facts.idle_s < patience_s / 2 or self._counters_moved(facts) or facts.idle_s < patience_s:
            return
        reason = f"no token for {facts.idle_s:.0f} s on any of its {facts.in_use} requests"
        log.warning("%s is stalled: %s", self._url, reason)
        self._health.mark_sick(self._url, "stalled", reason)
        self._next_check = self._check_pause = 0.0

    def _look_for_recovery(self, facts: ServerFacts) -> None:
        now = time.monotonic()
        if now < self._next_check:
            return
        self._check_pause = min(RECHECK_MAX_S, max(TICK_S, 2 * self._check_pause))
        if facts.sick == "stalled" and facts.in_use:
            if self._counters_moved(facts):
                self._well("its counters move again")
            self._next_check = now + min(TICK_S, self.expectation.stall_s / 4)
            return
        wanted = self.expectation
        try:
            check(
                self._client(), wanted.model, chat=wanted.chat, probe_s=wanted.first_token_s, listed=wanted.model_list
            )
        except Permanent:
            self._well("it answers, and the requests will say what is wrong")
        except InferenceError as exc:
            kind = facts.sick or "down"
            self._health.mark_sick(self._url, kind, one_line(str(exc), 300))
            self._next_check = time.monotonic() + self._check_pause
        else:
            self._well("it answers again")

    def _end_straggler(self, flights: list[Flight]) -> None:
        """Abort one request that is silent while others make progress."""
        wanted = self.expectation
        for flight in flights:
            patience_s = wanted.stall_s if flight.tokens else wanted.first_token_s
            if flight.streams and flight.silent_s() > patience_s and self._health.may_end_one(self._url, PACE_S):
                log.warning("%s: a request is aborted, silent for %.0f s", self._url, flight.silent_s())
                flight.end()
                return

    def _end_hopeless(self, flights: list[Flight], facts: ServerFacts) -> None:
        """Abort one request at a time, with a health check after it."""
        after_s = min(DEAD_SILENCE_S, self.expectation.stall_s)
        if facts.sick == "stalled":
            if facts.idle_s < 2 * self._patience_s(facts):
                return
            after_s = self.expectation.stall_s
        silent = [flight for flight in flights if flight.silent_s() > after_s]
        if not silent or not self._health.may_end_one(self._url, PACE_S):
            return
        longest = max(silent, key=Flight.silent_s)
        log.warning("%s is %s: a request is aborted, silent for %.0f s", self._url, facts.sick, longest.silent_s())
        longest.end()
        try:
            self._client().health()
        except Transient as exc:
            self._health.mark_sick(self._url, "down", one_line(str(exc), 300))
        except InferenceError:
            return

    def _counters_moved(self, facts: ServerFacts) -> bool:
        counters = self._client().work_done()
        if counters is None or counters == facts.counters:
            return False
        if facts.counters is None:  # no earlier value
            self._health.note_counters(self._url, counters)
            return False
        self._health.progress(self._url, counters)
        return True

    def _well(self, why: str) -> None:
        log.warning("%s is well: %s", self._url, why)
        self._health.mark_well(self._url)
        self._next_check = self._check_pause = 0.0

    def _patience_s(self, facts: ServerFacts) -> float:
        return self.expectation.stall_s if facts.warm else self.expectation.first_token_s

    def _client(self) -> Client:
        return self._checker(self._url, self.expectation.engine)
