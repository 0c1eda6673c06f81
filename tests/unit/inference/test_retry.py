"""Which errors are tried again, how often, and after which waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from farm.errors import (
    AuthRejected,
    BadResponse,
    ConnectionLost,
    FarmError,
    PromptTooLong,
    RateLimited,
    RequestRejected,
    RequestTimeout,
    ServerError,
    Stalled,
    Transient,
)
from farm.inference.retry import retrying


class Clockless(threading.Event):
    """An event that notes the waits it is asked for in place of waiting; set, it stops them."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        return self.is_set()


def script(*steps: str | FarmError) -> Callable[[], str]:
    left = iter(steps)

    def call() -> str:
        step = next(left)
        if isinstance(step, FarmError):
            raise step
        return step

    return call


@pytest.mark.parametrize("error", [ServerError("x"), RateLimited("x"), ConnectionLost("x"), Stalled("x")])
def test_these_heal(error: FarmError) -> None:
    done = retrying(script(error, error, "ok"), stop=Clockless())
    assert (done.value, done.calls) == ("ok", 3)


@pytest.mark.parametrize(
    "error",
    [
        AuthRejected("x"), PromptTooLong("x"), RequestRejected("x"), BadResponse("x"), RequestTimeout("x"),
    ],
)  # fmt: skip
def test_these_are_raised_at_once(error: FarmError) -> None:
    stop = Clockless()
    with pytest.raises(type(error)):
        retrying(script(error, "ok"), stop=stop)
    assert stop.waits == []


def test_tries_are_bounded_and_the_last_error_is_raised() -> None:
    with pytest.raises(ServerError, match="third"):
        retrying(
            script(ServerError("first"), ServerError("second"), ServerError("third"), "ok"),
            attempts=3,
            stop=Clockless(),
        )


@pytest.mark.parametrize(("jitter", "waits"), [(0.0, [0.5, 1.0, 2.0, 2.0]), (1.0, [1.0, 2.0, 4.0, 4.0])])
def test_waits_grow_to_their_cap(jitter: float, waits: list[float]) -> None:
    stop = Clockless()
    steps = [ServerError("x")] * 4
    retrying(script(*steps, "ok"), attempts=9, stop=stop, base_s=1.0, cap_s=4.0, jitter=lambda: jitter)
    assert stop.waits == waits


@pytest.mark.parametrize(("wish", "wait"), [(None, 0.5), (0.0, 0.5), (7.0, 7.0), (1e9, 300.0)])
def test_retry_after_is_honoured_up_to_the_cap(wish: float | None, wait: float) -> None:
    stop = Clockless()
    retrying(
        script(RateLimited("x", retry_after_s=wish), "ok"), stop=stop, budget_s=1e4, base_s=1.0, jitter=lambda: 0.0
    )
    assert stop.waits == [wait]


def test_no_wait_goes_over_the_budget() -> None:
    stop = Clockless()
    with pytest.raises(RateLimited):
        retrying(script(RateLimited("x", retry_after_s=20.0), "ok"), budget_s=10.0, stop=stop)
    assert stop.waits == []


def test_stop_ends_the_wait() -> None:
    stop = Clockless()
    stop.set()
    with pytest.raises(ServerError):
        retrying(script(ServerError("x"), "ok"), stop=stop)
    assert len(stop.waits) == 1


def test_a_server_that_is_down_spends_no_try() -> None:
    up = iter([False] * 20 + [True])
    stop = Clockless()
    done = retrying(
        script(ConnectionLost("refused"), "ok"), attempts=2, stop=stop, healthy=lambda: next(up), budget_s=1e6
    )
    assert (done.value, done.calls, len(stop.waits)) == ("ok", 2, 21)


def test_a_rate_limit_asks_for_no_health() -> None:
    def healthy() -> bool:
        raise AssertionError("a server that answers 429 is up")

    assert retrying(script(RateLimited("x"), "ok"), stop=Clockless(), healthy=healthy).calls == 2


def test_each_wait_is_told() -> None:
    told: list[tuple[str, float]] = []

    def note(error: Transient, delay: float) -> None:
        told.append((error.message, delay))

    retrying(
        script(ServerError("one"), ServerError("two"), "ok"),
        stop=Clockless(),
        on_retry=note,
        jitter=lambda: 1.0,
        base_s=1,
    )
    assert told == [("one", 1.0), ("two", 2.0)]
