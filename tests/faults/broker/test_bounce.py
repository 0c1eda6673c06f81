"""Redis is killed and comes back under a busy worker: the regression of Celery 5.7.0 that farm pins away.

The worker is the same process afterwards, takes the next job, and started each job that it held only once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from farm.queue.messages import GenerateConfig
from farm.records import DriveOptions, Limits, Sampling, ServedModel, StoredCompletion, Verdict
from tests.support.cluster.job_line import RUN, JobLine, job_line
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(240)]
full = pytest.mark.skipif(
    os.environ.get("FARM_FAULTS") != "full", reason="the other two pairs cover it; FARM_FAULTS=full"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    arguments = ("--appendfsync", "always", "--unixsocket", str(tmp_path / "s"))
    with running_redis(tmp_path / "redis", *arguments, binary=real_redis_binary()) as server:
        yield server


def way(transport: str, redis: RedisServer, tmp_path: Path) -> dict[str, str]:
    return {"FARM_BROKER_URL": redis.url if transport == "tcp" else f"redis+socket://{tmp_path / 's'}?virtual_host=0"}


def starts(line: JobLine) -> list[bytes]:
    """Attempt and number of each start, without the name of the start."""
    found = cast(list[bytes], line.redis.client().hvals(line.keys.starts(RUN)))
    return [start.rpartition(b"/")[0] for start in found]


def bounce(redis: RedisServer) -> None:
    redis.kill()
    redis.start()


@pytest.mark.parametrize("transport", ["tcp", pytest.param("unix", marks=full)])
def test_prefork(redis: RedisServer, tmp_path: Path, transport: str) -> None:
    flag = tmp_path / "go on"
    program = f"import os, time\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.01)\nprint(input())"
    with job_line(redis, tmp_path / "home", **way(transport, redis, tmp_path)) as line:
        line.limits = Limits(cpu_s=100, wall_s=200)
        worker = line.worker("execute", "--slots", "2")
        slow = line.parcel(program.encode())
        line.send(slow)
        wait_until(lambda: starts(line), "the slow program runs")
        bounce(redis)
        after = line.parcel()
        line.send(after)
        flag.touch()  # first: Celery forgets which slots are busy, and may put the new job behind the slow one
        assert line.judged(after).verdict is Verdict.PASSED
        assert line.judged(slow).verdict is Verdict.PASSED
        assert worker.running and starts(line) == [b"1/1", b"1/1"]


@pytest.mark.parametrize("transport", ["unix", pytest.param("tcp", marks=full)])
def test_threads(redis: RedisServer, tmp_path: Path, transport: str) -> None:
    go_on = threading.Event()

    def answer(prompt: str, seed: int) -> str:
        if "slow" in prompt:
            go_on.wait(120)
        return "done"

    with (
        ModelServer(answer=answer, model="org/m") as server,
        job_line(redis, tmp_path / "home", **way(transport, redis, tmp_path)) as line,
    ):
        line.generate = generate_config(server.url)
        worker = line.worker("generate", "--slots", "4", "--model", "org/m")
        slow = line.question("slow")
        line.send(slow)
        wait_until(lambda: starts(line), "the slow request is out")
        bounce(redis)
        after = line.question("quick")
        line.send(after)
        assert isinstance(line.answered(after), StoredCompletion)
        go_on.set()
        assert isinstance(line.answered(slow), StoredCompletion)
        assert worker.running and starts(line) == [b"1/1", b"1/1"]


def generate_config(url: str) -> GenerateConfig:
    served = ServedModel(name="m", repo="org/m", device="n300")
    drive = DriveOptions(servers=(url,), deadline_s=200.0, stall_s=200.0)
    return GenerateConfig(model=served, sampling=Sampling(), drive=drive)


def test_an_answer_waits_for_redis(redis: RedisServer, tmp_path: Path) -> None:
    """Redis is away when the work is done: what it cost is not thrown away."""
    begun, flag = tmp_path / "begun", tmp_path / "go on"
    wait = f"while not os.path.exists({str(flag)!r}): time.sleep(0.01)"
    program = f"import os, time\nopen({str(begun)!r}, 'w').close()\n{wait}\nprint(input())"
    with job_line(redis, tmp_path / "home") as line:
        worker = line.worker("execute", "--slots", "1")
        parcel = line.parcel(program.encode())
        line.send(parcel)
        wait_until(begun.exists, "the program runs")
        redis.kill()
        flag.touch()
        wait_until(lambda: "an answer: Redis fails" in worker.stderr, "the answer has nowhere to go", timeout_s=100)
        redis.start()
        assert line.judged(parcel).verdict is Verdict.PASSED
        assert starts(line) == [b"1/1"]
