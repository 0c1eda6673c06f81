"""What one reply of Redis may cost a worker: real replies of every kind, small and huge."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import redis
from redis.exceptions import ResponseError

from farm.queue.bounded_replies import BOUNDED, REPLY_BYTES, REPLY_ELEMENTS
from tests.support.redis_server import RedisServer, running_redis

HUGE = 3 * REPLY_BYTES


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def clients(server: RedisServer) -> Iterator[tuple[redis.Redis, redis.Redis]]:
    """One that writes, and one whose replies are bounded."""
    with server.client() as writer:
        writer.flushall()
        with redis.Redis.from_url(f"redis://127.0.0.1:{server.port}", **BOUNDED) as bounded:
            yield writer, bounded


def test_replies_of_every_kind_are_those_of_redis_py(clients: tuple[redis.Redis, redis.Redis]) -> None:
    writer, bounded = clients
    writer.rpush("list", "a", b"\r\n", "")
    writer.hset("hash", mapping={"a": "1"})
    writer.sadd("set", "x", "y")
    writer.zadd("sorted", {"z": 1.5})
    writer.xadd("stream", {"f": b"v"}, id="1-1")
    writer.set("text", bytes(range(256)) * 5000)
    replies: tuple[Callable[[Any], Any], ...] = (
        lambda c: c.lrange("list", 0, -1),
        lambda c: c.hgetall("hash"),
        lambda c: c.smembers("set"),
        lambda c: c.zrange("sorted", 0, -1, withscores=True),
        lambda c: c.xread({"stream": "0"}),
        lambda c: c.get("text"),
        lambda c: c.get("absent"),
        lambda c: c.blpop("absent", 0.01),
        lambda c: c.eval("return {1, false, {'a', {}}, redis.status_reply('fine')}", 0),
        lambda c: c.ping(),
        lambda c: c.pipeline().get("text").llen("list").execute(),
    )
    for reply in replies:
        assert reply(bounded) == reply(writer)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        bounded.get("list")
    pipe = bounded.pipeline(transaction=False)
    pipe.ping()
    pipe.get("list")
    [_, error] = pipe.execute(raise_on_error=False)
    assert isinstance(error, ResponseError)


@pytest.mark.parametrize("kind", ["queue entry", "value", "many values", "many names"])
def test_what_is_beyond_the_bound_is_read_and_thrown_away(clients: tuple[redis.Redis, redis.Redis], kind: str) -> None:
    writer, bounded = clients
    if kind == "queue entry":
        writer.rpush("queue", b"x" * HUGE)
    elif kind == "value":
        writer.set("key", b"x" * HUGE)
    elif kind == "many values":
        writer.rpush("list", *(b"x" * (1 << 20) for _ in range(HUGE >> 20)))
    else:
        writer.sadd("names", *(f"{i}" for i in range(REPLY_ELEMENTS + 20_000)))
    bounded.ping()
    tracemalloc.start()
    try:
        if kind == "queue entry":
            assert bounded.brpop(["queue"], 5) == (b"queue", b"") and writer.llen("queue") == 0
        elif kind == "value":
            assert bounded.get("key") == b""
        elif kind == "many values":
            found = bounded.lrange("list", 0, -1)
            assert {len(value) for value in found} == {1 << 20, 0} and len(found) == HUGE >> 20
        else:
            assert len(cast(set[bytes], bounded.smembers("names"))) == REPLY_ELEMENTS
        assert tracemalloc.get_traced_memory()[1] < 3 * REPLY_BYTES
    finally:
        tracemalloc.stop()
    assert bounded.ping() and bounded.get("absent") is None, "the next reply is its own"
