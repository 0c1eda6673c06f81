"""Redis refuses writes while idle workers reconnect, or start: they wait, and come back by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from farm.records import Verdict
from tests.support.cluster.job_line import SECRET, JobLine, job_line
from tests.support.farm_process import FarmProcess, environment
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

SAID = {  # redis-py leaves the code out where it has a separate class
    "NOREPLICAS": "NOREPLICAS",
    "READONLY": "read only replica",
    "MASTERDOWN": "MASTER is down",
    "OOM": "maxmemory",
}
full = pytest.mark.skipif(os.environ.get("FARM_FAULTS") != "full", reason="one of each kind here; FARM_FAULTS=full")
pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(240)]


@contextmanager
def refusing(redis: RedisServer, how: str) -> Iterator[None]:
    """Redis refuses writes as it does without replicas, as a replica after a failover, or without memory."""
    admin = redis.client()
    if how == "READONLY":
        admin.config_set("replica-serve-stale-data", "yes")
        admin.replicaof("127.0.0.1", "1")
    elif how == "MASTERDOWN":
        admin.config_set("replica-serve-stale-data", "no")
        admin.replicaof("127.0.0.1", "1")
    elif how == "OOM":
        admin.config_set("maxmemory", "1")
    else:
        admin.config_set("min-replicas-to-write", "1")
    yield
    if how in ("READONLY", "MASTERDOWN"):
        admin.replicaof("NO", "ONE")
    admin.config_set("maxmemory", "0")
    admin.config_set("min-replicas-to-write", "0")
    admin.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[JobLine]:
    with (
        running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis,
        job_line(redis, tmp_path / "home") as line,
    ):
        yield line


def judges_a_job(line: JobLine) -> None:
    parcel = line.parcel()
    line.send(parcel)
    assert line.judged(parcel).verdict is Verdict.PASSED


@pytest.mark.parametrize("how", [pytest.param(how, marks=() if how == "NOREPLICAS" else full) for how in SAID])
def test_idle_workers_that_lose_their_connection_come_back(line: JobLine, how: str) -> None:
    workers = [line.worker(), line.worker()]
    with refusing(line.redis, how):
        line.redis.client().client_kill_filter(_type="normal", skipme=True)
        for worker in workers:
            wait_until(partial(said, worker, SAID[how]), f"the worker is refused with {how}", timeout_s=60)
        assert all(worker.running for worker in workers)
    judges_a_job(line)
    assert all(worker.running for worker in workers)


@pytest.mark.parametrize("how", [pytest.param(how, marks=() if how == "READONLY" else full) for how in SAID])
def test_a_worker_that_starts_meanwhile_waits(line: JobLine, how: str) -> None:
    with refusing(line.redis, how):
        worker = starting(line)
        wait_until(lambda: "; waiting for it" in worker.stderr, "the worker waits", timeout_s=60)
        assert worker.running and "refuses for now" in worker.stderr and SAID[how] in worker.stderr
    judges_a_job(line)
    assert worker.running


@full
def test_a_worker_that_starts_while_redis_reads_its_data_waits(line: JobLine) -> None:
    admin = line.redis.client()
    pipe = admin.pipeline(transaction=False)
    for number in range(1000):
        pipe.set(f"other:{number}", "x" * 4000)
    pipe.execute()
    admin.bgrewriteaof()  # into a snapshot: while Redis reads commands it answers after each thousand alone
    wait_until(lambda: admin.info("persistence")["aof_base_size"] > 1 << 16, "the snapshot is written")
    line.redis.kill()
    slow = ("--key-load-delay", "200000", "--loading-process-events-interval-bytes", "1024")  # as in Redis's own tests
    line.redis.arguments = (*line.redis.arguments, *slow)
    line.redis.start(loading=True)
    worker = starting(line)
    wait_until(lambda: "loading" in worker.stderr, "the worker waits", timeout_s=60)
    line.redis.client().config_set("key-load-delay", "0")
    judges_a_job(line)
    assert worker.running


def said(worker: FarmProcess, words: str) -> bool:
    return words in worker.stderr


def starting(line: JobLine) -> FarmProcess:
    env = environment(line.home, FARM_BROKER_URL=line.redis.url, FARM_ALLOW_UNSANDBOXED="1", FARM_SECRET=SECRET)
    words = ("worker", "execute", "--name", "late", "--slots", "1", "--sandbox", "none")
    worker = FarmProcess(*words, env=env, log=line.home / "late.log")
    line.workers.append(worker)
    return worker
