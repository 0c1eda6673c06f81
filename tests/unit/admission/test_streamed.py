"""Tokens of unfinished answers, told by worker processes and added up for a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from farm.admission.slots import Slots
from farm.admission.streamed import StreamedTokens
from farm.inference.flight import Flight
from farm.queue.redis_keys import Keys
from tests.support.redis_server import running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
ONE, TWO = "http://one:8000", "http://two:8000"


@pytest.fixture
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        client = server.client()
        yield client
        leaked = [key for key in client.scan_iter() if client.ttl(key) < 0]
        client.close()
        assert leaked == [], "keys without a TTL"


def test_the_tokens_of_a_run_are_added_up_over_workers_and_servers_until_its_answers_end(
    connection: redis.Redis,
) -> None:
    slots = Slots(connection, KEYS)
    mine, other = StreamedTokens(connection, KEYS, "a@host"), StreamedTokens(connection, KEYS, "b@host")
    first, second, of_another = Flight(), Flight(), Flight()
    for _ in range(3):
        first.token()
    second.token()
    of_another.token()

    def seen() -> int:
        return slots.streamed((ONE, TWO), "run")

    with mine.following(ONE, "run", first), mine.following(ONE, "run-2", of_another):
        with other.following(TWO, "run", second):
            wait_until(lambda: seen() == 4, "both workers have told", timeout_s=20)
            first.token()
            wait_until(lambda: seen() == 5, "a token more is told", timeout_s=20)
        wait_until(lambda: seen() == 4, "an answer that ended counts no more", timeout_s=20)
        assert slots.streamed((ONE,), "run-2") == 1 and slots.streamed((TWO,), "run-2") == 0
    wait_until(lambda: not connection.hgetall(KEYS.server(ONE, "streamed")), "nothing is left", timeout_s=20)


def test_what_is_old_or_of_another_form_counts_nothing(connection: redis.Redis) -> None:
    key = KEYS.server(ONE, "streamed")
    connection.hset(key, mapping={"run|a/1": "7|1.0", "run|b/1": "x", "run|c/1": "-3|nan"})
    connection.expire(key, 10)
    assert Slots(connection, KEYS).streamed((ONE,), "run") == 0
