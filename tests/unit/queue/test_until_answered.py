"""A worker keeps its answer until Redis takes it, and is never taken for its predecessor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from farm.queue.answer_stream import AnswerStream, decode
from farm.queue.messages import Failure
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records.phases import Stage
from farm.tasks.boot import _name
from tests.support.redis_server import RedisServer, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
FAILURE = Failure(problem_id="p", index=0, stage=Stage.EXECUTE, attempt=1, kind="a kind", reason="a test")


def refuse_writes(server: RedisServer) -> Callable[[], object]:
    client = server.client()
    client.config_set("maxmemory", "1")
    return lambda: client.config_set("maxmemory", "0")


def kill(server: RedisServer) -> Callable[[], object]:
    server.kill()
    return server.start


@pytest.mark.parametrize("trouble", [refuse_writes, kill])
def test_an_answer_waits_for_redis(
    tmp_path: Path, trouble: Callable[[RedisServer], Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = threading.Semaphore(0)

    class Pipeline(redis.client.Pipeline):
        def execute(self, raise_on_error: bool = True) -> list[object]:
            tries.release()
            return super().execute(raise_on_error)

    monkeypatch.setattr("farm.queue.until_answered.AGAIN_S", 0.05)
    monkeypatch.setattr("redis.client.Pipeline", Pipeline)
    with running_redis(tmp_path / "redis") as server:
        answers = AnswerStream(server.client(), KEYS, Signer(b"a secret of this test"))
        heal = trouble(server)
        worker = threading.Thread(target=answers.failure, args=("r", 1, FAILURE))
        worker.start()
        for _ in range(3):
            assert tries.acquire(timeout=60), "it gave up"
        heal()
        worker.join(60)
        [(_, fields)] = wait_until(lambda: answers.read("r", b"0", block_ms=10, count=10), "the answer is there")
    assert decode(fields) == FAILURE


def test_two_workers_never_have_the_same_name() -> None:
    for name in ("one", "one@host", None):
        assert _name("execute", name) != _name("execute", name)
    assert _name("execute", "one").startswith("one@")
