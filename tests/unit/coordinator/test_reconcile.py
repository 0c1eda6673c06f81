"""Where outstanding jobs are, as the coordinator finds it out in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from farm.coordinator.reconcile import DEAD_AFTER_S, IDLE_S, UNCLAIMED_S, Findings, Out, Reconciler
from farm.queue.redis_keys import Keys
from farm.records import SampleKey
from farm.records.phases import Stage
from tests.support.redis_server import running_redis

pytestmark = pytest.mark.redis
KEYS = Keys("farm:")
JOB = Out(SampleKey("p", 0), Stage.EXECUTE, 2, "run:p#0:execute:2")
QUEUES = {Stage.EXECUTE: "execute"}
NOTHING = Findings([], [])


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[redis.Redis]:
    with running_redis(tmp_path / "r") as server, server.client() as client:
        client.hset(KEYS.claims("run"), "execute/p#0", "2/w")
        yield client


def worker(connection: redis.Redis, busy: int) -> None:
    connection.hset(KEYS.worker("w"), mapping={"role": "execute", "busy": str(busy)})


def test_a_job_that_a_working_worker_claimed_is_there(connection: redis.Redis) -> None:
    worker(connection, busy=1)
    reconciler = Reconciler(connection, KEYS, "run")
    assert all(reconciler.look([JOB], QUEUES, now) == NOTHING for now in (0.0, 100.0, 10_000.0))


def test_a_claim_of_a_worker_without_work_is_lost_after_a_while(connection: redis.Redis) -> None:
    """Its answer was written to a server that a failover has replaced."""
    worker(connection, busy=0)
    reconciler = Reconciler(connection, KEYS, "run")
    assert reconciler.look([JOB], QUEUES, 0.0) == NOTHING
    assert reconciler.look([JOB], QUEUES, IDLE_S - 1) == NOTHING
    worker(connection, busy=1)
    assert reconciler.look([JOB], QUEUES, IDLE_S + 1) == NOTHING, "it works again, perhaps on this"
    worker(connection, busy=0)
    assert reconciler.look([JOB], QUEUES, 100.0) == NOTHING
    assert reconciler.look([JOB], QUEUES, 100.0 + IDLE_S) == NOTHING, "its message may be in the queue"
    assert reconciler.look([JOB], QUEUES, 100.0 + IDLE_S + UNCLAIMED_S) == Findings([], [JOB])


def test_it_is_not_lost_while_its_message_waits(connection: redis.Redis) -> None:
    worker(connection, busy=0)
    connection.lpush(KEYS.queue("execute"), f'{{"headers": {{"id": "{JOB.message}"}}}}')
    reconciler = Reconciler(connection, KEYS, "run")
    assert all(reconciler.look([JOB], QUEUES, now) == NOTHING for now in (0.0, 20.0, 40.0, 60.0))


def test_a_claim_of_a_worker_that_is_gone(connection: redis.Redis) -> None:
    reconciler = Reconciler(connection, KEYS, "run")
    assert reconciler.look([JOB], QUEUES, 0.0) == NOTHING
    assert reconciler.look([JOB], QUEUES, DEAD_AFTER_S) == Findings([(JOB, "w")], [])
