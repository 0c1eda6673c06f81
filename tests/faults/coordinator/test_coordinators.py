"""C1, C2, C5, C7, C9: coordinators that are killed at each write, interrupted, doubled, moved to another machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import gated
from tests.support.cluster.cluster import RUN_ID, SHARED, Cluster, running_cluster
from tests.support.data import ROOT
from tests.support.farm_process import environment
from tests.support.wait import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.redis, pytest.mark.timeout(400)]

PROBLEMS = ("farm_add", "farm_double", "farm_echo")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path, PROBLEMS, n=2) as made:
        yield made


def test_killed_at_every_durable_write_it_comes_to_the_same_score(cluster: Cluster) -> None:
    cluster.worker("execute", "x", 2)
    cluster.worker("generate", "g", 8)
    detached = cluster.farm(
        "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", cluster.server.url,
        "--dataset", "sample", "--ids", ",".join(PROBLEMS), "--n", "2", "--judge", "judge", "--run-id", RUN_ID,
        "--detach", secret=cluster.token,
    )  # fmt: skip
    detached.ok()
    env = environment(
        cluster.home, FARM_BROKER_URL=cluster.redis.url, VLLM_API_KEY=cluster.token, FARM_SECRET=SHARED,
        FARM_LOG_DIR=str(cluster.logs),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.experiments.killed_writes", RUN_ID, str(cluster.out)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=380,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[-1]) > 5, "it was hardly killed"
    assert "Traceback" not in done.stderr
    cluster.check_score()


def test_a_run_in_progress_is_reported_kept_interrupted_and_moved(cluster: Cluster) -> None:
    free, opened = threading.Semaphore(2), threading.Event()

    def gate() -> None:
        if not free.acquire(blocking=False):
            opened.wait(300)

    answer = cluster.server.answer
    cluster.server.answer = gated(answer, gate)
    cluster.worker("execute", "x")
    worker = cluster.worker("generate", "g", 8)
    running = cluster.submit()
    wait_until(lambda: cluster.judged() == 2, "two samples are judged", timeout_s=100)

    # C9: a report in mid-run says that it is none yet
    report = cluster.farm("report", RUN_ID, "--out", str(cluster.home / "early"))
    assert report.wait() == 3 and "is being driven; follow it: farm watch" in report.stderr
    assert "4 of 6 samples have no verdict" in report.stdout or "RUNNING" in report.stdout

    # C5: a second coordinator is refused, and told who has the run
    second = cluster.resume()
    assert second.wait() == 3 and f":{running.process.pid}:" in second.stderr and running.running

    # C2: Ctrl-C once: it waits for outstanding work; twice: now
    running.interrupt()
    running.says("again: stop now")
    running.interrupt()
    assert running.wait() == 130
    assert f"farm resume {RUN_ID}" in running.stderr and "Traceback" not in running.stderr

    # C7: the folder is all that another machine needs; the Redis there is empty
    worker.kill()
    opened.set()
    cluster.server.answer = answer
    recorded = cluster.completed()
    moved = cluster.home.parent / "moved"
    shutil.copytree(cluster.home, moved, ignore=shutil.ignore_patterns("run"))
    shutil.rmtree(cluster.home / "blobs")
    cluster.redis.client().flushall()
    cluster.home = moved
    cluster.worker("generate", "h", 8)
    cluster.resume().ok()
    cluster.check_score()
    asked = cluster.seeds_asked()
    assert len(recorded) >= 2 and len(asked) == 6
