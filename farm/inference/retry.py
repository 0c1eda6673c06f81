"""Tries a request again where that can help, and only there.

Rate limits, HTTP 408 and 5xx, lost connections and requests that were broken off because their server hung
heal; any other 4xx fails at once, and a timeout or a senseless answer goes back to the coordinator, which
counts attempts per sample. A server that is down spends no try: as long as it is not healthy, the wait goes
on within the budget.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Generic, TypeVar

from farm.errors import ConnectionLost, RateLimited, ServerError, Stalled, Transient

T = TypeVar("T")

_random = SystemRandom()
_HEALING = (RateLimited, ServerError, ConnectionLost, Stalled)
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
) -> Retried[T]:
    """Calls until it succeeds, at most `attempts` times and with waits of at most `budget_s` seconds in all.

    The wait before try n is random in the upper half of `base_s` * 2**n, up to `cap_s`, and at least what the
    server asks for by Retry-After, up to RETRY_AFTER_MAX_S. Setting `stop` ends a wait at once. With `healthy`,
    no try is made after a 5xx or a lost connection until it says True. `on_retry` is told the error
    and the coming wait, in seconds. When tries, budget or patience are at an end, the last error is
    raised; errors that do not heal are raised as they come.
    """
    left_s = budget_s
    failures = 0
    calls = 0
    while True:
        calls += 1
        try:
            return Retried(call(), calls)
        except _HEALING as error:
            if calls >= attempts:
                raise
            asks_health = healthy is not None and not isinstance(error, RateLimited)
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
                if not asks_health or (healthy is not None and healthy()):
                    break


def _delay(error: Transient, failures: int, base_s: float, cap_s: float, jitter: Callable[[], float]) -> float:
    ceiling = min(cap_s, base_s * 2.0 ** min(failures, 30))
    backoff = ceiling * (0.5 + 0.5 * jitter())
    wished = error.retry_after_s if isinstance(error, RateLimited) else None
    return max(backoff, min(wished or 0.0, RETRY_AFTER_MAX_S))
