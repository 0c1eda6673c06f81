"""Waiting for slots, from many threads of two processes' worth of Admission, in a real Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from farm.admission.slots import Slots
from farm.admission.waiting import Admission, NotWanted
from farm.queue.redis_keys import Keys
from tests.support.redis_server import RedisServer, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
URL = "http://one:8000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def slots(server: RedisServer) -> Iterator[Slots]:
    client = server.client()
    client.flushall()
    yield Slots(client, KEYS)
    client.close()


@pytest.fixture
def two(slots: Slots) -> Iterator[list[Admission]]:
    made = [Admission(slots, "a"), Admission(slots, "b")]
    yield made
    for admission in made:
        admission.close()


class Counting:
    """Counts who is inside at a time."""

    def __init__(self) -> None:
        self.inside = self.most = self.done = 0
        self._lock = threading.Lock()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.go_on.wait(60)
        with self._lock:
            self.inside -= 1
            self.done += 1


def yes() -> bool:
    return True


def test_two_workers_together_keep_the_limit_and_finish(two: list[Admission]) -> None:
    counting = Counting()

    def request(number: int) -> None:
        with two[number % 2].slot("run", (URL,), 3, yes) as url:
            assert url == URL
            counting()

    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(request, number) for number in range(60)]
        wait_until(lambda: counting.inside == 3, "three are in flight")
        counting.go_on.set()
        for future in futures:
            future.result(60)
    assert (counting.most, counting.done) == (3, 60)


def test_a_wait_that_nobody_wants_any_more_ends_and_leaves_nothing(two: list[Admission], slots: Slots) -> None:
    wanted = True
    with two[0].slot("run", (URL,), 1, yes), ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with two[1].slot("other", (URL,), 1, lambda: wanted):
                pass

        waiting = pool.submit(wait)
        wait_until(lambda: slots.look([URL])[0].waiting == 1, "it is in line")
        wanted = False
        with pytest.raises(NotWanted):
            waiting.result(60)
        wait_until(lambda: slots.look([URL])[0].waiting == 0, "its ticket is gone")
    wait_until(lambda: slots.look([URL])[0].in_use == 0, "every slot is given back")


def test_a_worker_that_stops_lets_nothing_wait_and_keeps_what_is_out(two: list[Admission], slots: Slots) -> None:
    with two[0].slot("run", (URL,), 1, yes), ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with two[0].slot("run", (URL,), 1, yes):
                pass

        waiting = pool.submit(wait)
        wait_until(lambda: slots.look([URL])[0].waiting == 1, "it is in line")
        two[0].stop()
        with pytest.raises(NotWanted):
            waiting.result(60)
        assert slots.look([URL])[0].in_use == 1


def test_a_redis_that_was_away_does_not_lose_a_request(server: RedisServer, two: list[Admission], slots: Slots) -> None:
    with two[0].slot("run", (URL,), 1, yes):
        server.kill()
        server.start()
        wait_until(lambda: slots.look([URL])[0].in_use == 1, "the slot is held again", timeout_s=60)
    wait_until(lambda: slots.look([URL])[0].in_use == 0, "and given back", timeout_s=60)
