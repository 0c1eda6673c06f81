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

from farm.tasks.guard import Guard
from farm.tasks.keys import Keys
from farm.tasks.signing import Signer
from tests.support.redis_server import RedisServer, running_redis

KEYS = Keys("farm:")
HELD, SINCE = KEYS.unacked("execute")
pytestmark = pytest.mark.redis


@dataclass
class Held:
    """A guard, and what Redis says it holds."""

    server: RedisServer
    guard: Guard

    def notes(self) -> dict[bytes, bytes]:
        client = self.server.client()
        found = cast(dict[bytes, bytes], client.hgetall(HELD))
        assert set(cast(list[bytes], client.zrange(SINCE, 0, -1))) == set(found)
        return found


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with running_redis(tmp_path / "redis") as server:
        connection = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))
        yield Held(server, Guard(connection, KEYS, "execute", {}, Signer(b"secret"), "w"))
        connection.close()


def test_the_next_message_settles_the_last_one_in_the_same_breath(held: Held) -> None:
    held.guard.hold("one", "first")
    held.guard.settle_later("one")
    assert held.notes() == {b"one": b"first"}
    held.guard.hold("two", "second")
    assert held.notes() == {b"two": b"second"}
    held.guard.settle_later("two")
    held.guard.settle()
    assert held.notes() == {}


def test_nothing_to_settle_asks_nothing_of_redis(held: Held) -> None:
    held.guard.hold("one", "first")
    client = held.server.client()
    before = client.info("stats")["total_commands_processed"]
    held.guard.settle()
    assert client.info("stats")["total_commands_processed"] == before + 1  # the question itself


def test_what_could_not_be_settled_is_settled_later(held: Held) -> None:
    held.guard.hold("one", "first")
    held.guard.settle_later("one")
    held.server.kill()
    with pytest.raises(redis.exceptions.ConnectionError):
        held.guard.settle()
    held.server.start()
    held.server.client().hset(HELD, "one", "first")  # as it was
    held.server.client().zadd(SINCE, {"one": 1.0})
    held.guard.settle()
    assert held.notes() == {}
