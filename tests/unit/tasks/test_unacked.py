"""A worker tells Redis what it holds and what it is done with in one round trip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from farm.queue.redis_keys import Keys
from farm.tasks.unacked import UnackedMessages
from tests.support.redis_server import RedisServer, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
HELD, SINCE = KEYS.unacked("execute")
pytestmark = pytest.mark.redis


@dataclass
class Held:
    """A worker's notes, and what Redis says of them."""

    server: RedisServer
    messages: UnackedMessages

    def notes(self) -> dict[bytes, bytes]:
        """The messages that are noted with the time since when."""
        client = self.server.client()
        found = cast(dict[bytes, bytes], client.hgetall(HELD))
        since = set(cast(list[bytes], client.zrange(SINCE, 0, -1)))
        return found if since == set(found) else {b"in": b"between"}


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with running_redis(tmp_path / "redis") as server:
        connection = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))
        yield Held(server, UnackedMessages(connection, KEYS, "execute"))
        connection.close()


def test_the_next_message_settles_the_last_one_in_the_same_breath(held: Held) -> None:
    held.messages.add("one", "first")
    wait_until(lambda: held.notes() == {b"one": b"first"}, "it is noted")
    held.messages.acknowledge_later("one")
    assert held.notes() == {b"one": b"first"}
    held.messages.add("two", "second")
    wait_until(lambda: held.notes() == {b"two": b"second"}, "one is forgotten and the other noted")
    held.messages.acknowledge_later("two")
    held.messages.wake_writer()
    wait_until(lambda: held.notes() == {}, "Redis is told")


def test_what_has_ended_before_it_was_noted_is_never_noted(held: Held) -> None:
    with held.messages._writing:
        held.messages.add("one", "first")
        held.messages.add("two", "second")
        held.messages.acknowledge_later("one")
    wait_until(lambda: held.notes() == {b"two": b"second"}, "only the other is noted")
    held.messages.acknowledge("two")
    assert held.notes() == {}


def test_nobody_waits_for_a_redis_that_does_not_answer(held: Held) -> None:
    held.server.kill()
    held.messages.add("one", "first")
    held.server.start()
    wait_until(lambda: held.notes() == {b"one": b"first"}, "it is noted when Redis is back")
    held.messages.acknowledge_later("one")
    held.messages.flush()
    assert held.notes() == {}


def test_nothing_to_settle_asks_nothing_of_redis(held: Held) -> None:
    held.messages.add("one", "first")
    wait_until(lambda: held.notes() == {b"one": b"first"}, "it is noted")
    client = held.server.client()
    before = client.info("stats")["total_commands_processed"]
    held.messages.flush()
    assert client.info("stats")["total_commands_processed"] == before + 1  # the question itself


def test_what_could_not_be_settled_is_settled_later(held: Held) -> None:
    held.messages.add("one", "first")
    wait_until(lambda: held.notes() == {b"one": b"first"}, "it is noted")
    held.messages.acknowledge_later("one")
    held.server.kill()
    with pytest.raises(redis.exceptions.ConnectionError):
        held.messages.flush()
    held.server.start()
    held.server.client().hset(HELD, "one", "first")  # as it was
    held.server.client().zadd(SINCE, {"one": 1.0})
    held.messages.flush()
    assert held.notes() == {}
