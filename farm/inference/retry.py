"""Tries a request again where that can help, and only there.

Failures of one request (HTTP 408 and 500, an answer that was broken off, a lost connection, a request that was broken
off because its server hung) are counted in tries. A server that takes no requests for now (HTTP 429, 502, 503, 504)
says nothing about this one, so there it is time that counts: the wait goes on within the budget. Any other 4xx
fails at once, and a timeout or a senseless answer goes back to the coordinator, which counts attempts per sample
(farm/coordinator/lifecycle.py). The budget of one request is `DriveOptions.deadline_s`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Generic, TypeVar

from farm.errors import ConnectionLost, RateLimited, ServerBusy, ServerError, Stalled, Transient

T = TypeVar("T")

_random = SystemRandom()
_HEALING = (ServerBusy, ServerError, ConnectionLost, Stalled)
RETRY_AFTER_MAX_S = 300.0


@dataclass(frozen=True)
class Retried(Generic[T]):
    """What the call gave in the end, and how many times it was made."""

    value: T
    calls: int


def retrying(
    call: Callable[[], T],
    *,
    attempts: int = 4,
    budget_s: float = 300.0,
    stop: threading.Event,
    healthy: Callable[[], bool] | None = None,
    on_retry: Callable[[Transient, float], None] | None = None,
    base_s: float = 0.5,
    cap_s: float = 30.0,
    jitter: Callable[[], float] = _random.random,
    clock: Callable[[], float] = time.monotonic,
) -> Retried[T]:
    """Calls until it succeeds; tries that failed are at most `attempts`, those that a busy server refused not counted.

    The wait before try n is random in the upper half of `base_s` * 2**n, up to `cap_s`, and at least what the
    server asks for, up to RETRY_AFTER_MAX_S. All waits together are at most `budget_s` seconds, and so is the time
    since the first of several refusals in a row. Setting `stop` ends a wait at once. With `healthy`, no try is made
    after a 5xx or a lost connection until it says True. `on_retry` is told the error and the coming wait, in
    seconds. When tries or budget are at an end, the last error is raised; errors that do not heal are
    raised as they come.
    """
    left_s = budget_s
    failures = calls = tries = 0
    busy_since: float | None = None
    while True:
        calls += 1
        try:
            return Retried(call(), calls)
        except _HEALING as error:
            busy = isinstance(error, ServerBusy)
            busy_since = (clock() if busy_since is None else busy_since) if busy else None
            tries += not busy
            if tries >= attempts or (busy_since is not None and clock() - busy_since > budget_s):
                raise
            while True:
                delay = _delay(error, failures, base_s, cap_s, jitter)
                failures += 1
                if delay > left_s:
                    raise
                left_s -= delay
                if on_retry is not None:
                    on_retry(error, delay)
                if stop.wait(delay):
                    raise
                if isinstance(error, RateLimited) or healthy is None or healthy():
                    break


def _delay(error: Transient, failures: int, base_s: float, cap_s: float, jitter: Callable[[], float]) -> float:
    ceiling = min(cap_s, base_s * 2.0 ** min(failures, 30))
    backoff = ceiling * (0.5 + 0.5 * jitter())
    wished = error.retry_after_s if isinstance(error, ServerBusy) else None
    return max(backoff, min(wished or 0.0, RETRY_AFTER_MAX_S))
