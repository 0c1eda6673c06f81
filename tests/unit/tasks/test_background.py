"""Background calls of the event loop: one at a time, all in one thread, and no error ends it."""

from __future__ import annotations

import threading

import pytest
from redis.exceptions import ConnectionError as RedisGone

from farm.tasks.background import BackgroundCall
from tests.support.wait import wait_until


def test_a_talk_that_lasts_holds_nobody_up_and_the_next_is_left_out() -> None:
    background, go, said = BackgroundCall("test"), threading.Event(), list[str]()

    def slow() -> None:
        go.wait(60)
        said.append("slow")

    background.start(slow)
    background.start(lambda: said.append("left out"))
    assert said == []
    go.set()
    wait_until(lambda: background._call is None, "it is done")
    background.start(lambda: said.append("next"))
    wait_until(lambda: said == ["slow", "next"], "the next one is done")


def test_all_talks_have_the_same_thread(caplog: pytest.LogCaptureFixture) -> None:
    background, threads = BackgroundCall("test"), set[int]()
    for exc in (None, RedisGone("away"), ValueError("a mistake"), None):

        def talk(exc: Exception | None = exc) -> None:
            threads.add(threading.get_ident())
            if exc is not None:
                raise exc

        background.start(talk)
        wait_until(lambda: background._call is None, "it is done")
    assert len(threads) == 1
    assert [record.message for record in caplog.records] == ["test: Redis does not answer: away", "test failed"]
