"""A Redis that answers, and refuses every write: R6 and R13 for one worker, at each push."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.queue.redis_keys import Keys
from farm.records import Verdict
from tests.support.cluster.job_line import RUN, JobLine, job_line
from tests.support.farm_process import FarmProcess
from tests.support.redis_server import running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(300)]

SLOW = b"import time\nwhile time.process_time() < 1.5: pass\nprint(input())"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[JobLine]:
    with running_redis(tmp_path / "redis") as redis, job_line(redis, tmp_path / "home") as line:
        yield line


def does_a_job(line: JobLine, worker: FarmProcess) -> None:
    """It is the same process, and works."""
    assert worker.running, f"the worker ended:\n{worker.stderr[-3000:]}"
    parcel = line.parcel()
    line.send(parcel)
    assert line.judged(parcel).verdict is Verdict.PASSED


def test_a_worker_outlives_a_redis_that_refuses_writes(line: JobLine) -> None:
    """One slot waits for work, the other has some: its verdict is kept until Redis takes it."""
    worker, client = line.worker("execute", "--slots", "2"), line.redis.client()
    slow = line.parcel(SLOW)
    line.send(slow)
    wait_until(lambda: client.hlen(Keys("farm:").claims(RUN)), "the slow program runs")
    client.config_set("min-replicas-to-write", "1")  # there are none
    wait_until(lambda: worker.stderr.count("an answer: Redis fails") >= 2, "its answer is refused", timeout_s=60)
    wait_until(lambda: "gives out no work" in worker.stderr, "so is the next job", timeout_s=60)
    client.config_set("min-replicas-to-write", "0")
    assert line.judged(slow).verdict is Verdict.PASSED
    does_a_job(line, worker)
    assert worker.stderr.count("Connection to broker lost") == 0


def test_a_worker_outlives_a_redis_without_memory(line: JobLine) -> None:
    """Then jobs can be taken from a queue and not be noted as taken."""
    worker, client = line.worker(), line.redis.client()
    line.send(line.parcel(SLOW), queued := line.parcel())
    wait_until(lambda: client.hlen(Keys("farm:").claims(RUN)), "the slow program runs")
    client.config_set("maxmemory", "1mb")
    wait_until(lambda: "Redis fails" in worker.stderr, "its answer is refused", timeout_s=60)
    client.config_set("maxmemory", "0")
    assert line.judged(queued).verdict is Verdict.PASSED
    does_a_job(line, worker)
