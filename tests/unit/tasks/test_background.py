"""Background calls of the event loop: one at a time, all in one thread, and no error ends it."""

from __future__ import annotations

import threading

import pytest
from redis.exceptions import ConnectionError as RedisGone

from farm.tasks.background import Aside
from tests.support.wait import wait_until


def test_a_talk_that_lasts_holds_nobody_up_and_the_next_is_left_out() -> None:
    aside, go, said = Aside("test"), threading.Event(), list[str]()

    def slow() -> None:
        go.wait(60)
        said.append("slow")

    aside.start(slow)
    aside.start(lambda: said.append("left out"))
    assert said == []
    go.set()
    wait_until(lambda: aside._talk is None, "it is done")
    aside.start(lambda: said.append("next"))
    wait_until(lambda: said == ["slow", "next"], "the next one is done")


def test_all_talks_have_the_same_thread(caplog: pytest.LogCaptureFixture) -> None:
    aside, threads = Aside("test"), set[int]()
    for exc in (None, RedisGone("away"), ValueError("a mistake"), None):

        def talk(exc: Exception | None = exc) -> None:
            threads.add(threading.get_ident())
            if exc is not None:
                raise exc

        aside.start(talk)
        wait_until(lambda: aside._talk is None, "it is done")
    assert len(threads) == 1
    assert [record.message for record in caplog.records] == ["test: Redis does not answer: away", "test failed"]
