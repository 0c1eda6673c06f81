"""Work that ends without an answer is reported as failed, or handed back."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.queue.messages import Failure
from farm.records import Limits, StoredCompletion, Verdict
from tests.faults.broker.test_bounce import generate_config, starts
from tests.support.cluster.job_line import RUN, JobLine, job_line
from tests.support.farm_process import environment
from tests.support.model_server import ModelServer
from tests.support.redis_server import real_redis_binary, running_redis

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(240)]
SHORT_LIMIT = """
import farm.queue.celery_app
farm.queue.celery_app.TASK_LIMIT_S = 3
from farm.cli.main import main
raise SystemExit(main())
"""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[JobLine]:
    with (
        running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis,
        job_line(redis, tmp_path / "h") as line,
    ):
        line.limits = Limits(cpu_s=100, wall_s=200)
        yield line


def test_a_task_over_its_hard_limit_is_answered_for(line: JobLine) -> None:
    """The limit of last resort, which Celery enforces by killing the pool process."""
    words = ["worker", "execute", "--name", "short", "--slots", "1", "--sandbox", "none"]
    url = line.settings.broker_url or ""
    env = environment(
        line.home, FARM_BROKER_URL=url, FARM_ALLOW_UNSANDBOXED="1", FARM_SECRET=line.signer.secret.decode()
    )
    with (line.home / "short.log").open("wb") as log:
        worker = subprocess.Popen([sys.executable, "-c", SHORT_LIMIT, *words], env=env, stdout=log, stderr=log)
    try:
        slow = line.parcel(b"import time\nwhile True: time.sleep(1)")
        line.send(slow)
        answer = line.answered(slow, timeout_s=100)
        assert isinstance(answer, Failure) and (answer.kind, answer.reason) == (
            "time_limit_of_the_task",
            "TimeLimitExceeded",
        )
        after = line.parcel()
        line.send(after)
        assert line.judged(after).verdict is Verdict.PASSED
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(60)


def test_a_drain_ends_in_time_and_hands_its_jobs_back(line: JobLine) -> None:
    go_on, asked = threading.Event(), threading.Semaphore(0)

    def answer(prompt: str, seed: int) -> str:
        asked.release()
        go_on.wait(120)
        return "done"

    with ModelServer(answer=answer, model="org/m") as server:
        line.generate = generate_config(server.url)
        options = ("--slots", "4", "--model", "org/m")
        doomed = line.worker("generate", *options, "--drain", "1")
        parcel = line.question()
        line.send(parcel)
        assert asked.acquire(timeout=60)
        doomed.process.terminate()
        assert doomed.wait() == 0, doomed.stderr[-2000:]
        redis = line.redis.client()
        assert redis.llen("farm:generate.org_m") == 1 and not redis.exists(
            "farm:unacked.generate", line.keys.claims(RUN)
        )
        assert line.answers() == {}, "an interruption was counted against the sample"
        line.worker("generate", *options)
        assert asked.acquire(timeout=60)
        go_on.set()
        assert isinstance(line.answered(parcel), StoredCompletion)
        assert starts(line) == [b"1/1"]
