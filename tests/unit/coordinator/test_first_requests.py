"""When a run pauses because none of its requests can work."""

from __future__ import annotations

from farm.coordinator.traffic import ALIKE, FirstRequests

REFUSED = ("RequestRejected", "http://h/v1 answered HTTP 400: seed is not supported")


def test_ten_failures_of_one_kind_pause_with_the_servers_words() -> None:
    seen = FirstRequests()
    said = [seen.failed("RequestRejected", f"HTTP 400: seed {n} is not supported") for n in range(ALIKE)]
    assert said[:-1] == [None] * (ALIKE - 1)
    assert said[-1] is not None and "seed 9 is not supported" in said[-1]


def test_one_answer_shows_that_requests_can_work() -> None:
    seen = FirstRequests()
    seen.failed(*REFUSED)
    seen.answered()
    assert [seen.failed(*REFUSED) for _ in range(2 * ALIKE)] == [None] * 2 * ALIKE


def test_failures_that_differ_pause_nothing() -> None:
    seen = FirstRequests()
    seen.failed("ConnectionLost", "reset")
    assert [seen.failed(*REFUSED) for _ in range(2 * ALIKE)] == [None] * 2 * ALIKE


def test_what_concerns_one_sample_says_nothing_of_the_others() -> None:
    seen = FirstRequests()
    assert [seen.failed("PromptTooLong", "x") for _ in range(2 * ALIKE)] == [None] * 2 * ALIKE
