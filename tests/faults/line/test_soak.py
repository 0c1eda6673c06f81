"""The soak of `make faults`: 10,000 samples while everything is killed by chance, and the same run in peace.

FARM_SOAK_SAMPLES changes the number of samples, FARM_FAULTS_SEED gives a seed again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm.benchmarks.sample import sample_path
from farm.datasets.reader import read_problems
from tests.support.cluster.cluster import Cluster, running_cluster
from tests.support.experiments.history import History
from tests.support.experiments.invariants import check_all, ended, no_orphans, score_digest
from tests.support.experiments.nemesis import Nemesis, nemesis_of, pool_of, zygotes_of
from tests.support.experiments.scale import only_in_full, seed_of
from tests.support.farm_process import FarmProcess
from tests.support.orphans import adopted_orphans
from tests.support.sandbox import descendants
from tests.support.wait import wait_until

HOURS = 6
pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(HOURS * 3600), only_in_full]

SAMPLES = int(os.environ.get("FARM_SOAK_SAMPLES") or 10_000)
PROBLEMS = tuple(problem.problem_id for problem in read_problems(sample_path()))
STEP = (10, 70)  # samples between two blows
GROWTH_BYTES = 24 << 20
BLOWS = {
    "execute worker": 3, "generate worker": 2, "pool process": 3, "zygote": 3, "coordinator": 2, "Redis": 2,
    "Redis and its data": 1,
}  # fmt: skip


@contextmanager
def line(folder: Path) -> Iterator[Cluster]:
    """The cluster of both runs. Nothing of it is left."""
    with adopted_orphans():
        before = descendants(os.getpid())
        with running_cluster(folder, PROBLEMS, n=-(-SAMPLES // len(PROBLEMS)), distinct=True) as cluster:
            cluster.server.streaming = "ignored"  # thousands of token events are not what this is about
            yield cluster
        no_orphans(before)


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The score digest of the run without faults. On the way W12: after 1,000 tasks nothing grows any more."""
    with line(tmp_path_factory.mktemp("peace")) as cluster:
        worker = cluster.start_worker("execute", "e", slots=1)
        others = [cluster.start_worker("execute", "f", slots=1), cluster.start_worker("generate", "g", slots=16)]
        submit = cluster.submit()
        warm = wait_for_samples(cluster, submit, SAMPLES // 4)
        before = [size_of(w.process.pid) for w in (worker, *others)]
        wait_for_samples(cluster, submit, max(SAMPLES - 50, warm))
        after = [size_of(w.process.pid) for w in (worker, *others)]
        assert ended(submit, 600) == 0
        check_all(cluster)
        print("\n".join(f"{old} -> {new}" for old, new in zip(before, after, strict=True)))
        for old, new in zip(before, after, strict=True):
            assert new.descriptors <= old.descriptors + 8, f"descriptors: {old}, then {new}"
            assert new.threads <= old.threads + 4, f"threads: {old}, then {new}"
            assert new.resident <= old.resident + GROWTH_BYTES, f"memory: {old}, then {new}"
        return score_digest(cluster)


@dataclass(frozen=True)
class Size:
    """What a process holds."""

    descriptors: int
    threads: int
    resident: int


def size_of(pid: int) -> Size:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Size(
        len(os.listdir(f"/proc/{pid}/fd")),
        len(os.listdir(f"/proc/{pid}/task")),
        pages * os.sysconf("SC_PAGE_SIZE"),
    )


def wait_for_samples(cluster: Cluster, run: FarmProcess, samples: int) -> int:
    """Until so many are judged, or the run has ended; how many are."""
    wait_until(
        lambda: cluster.judged() >= samples or not run.running,
        f"{samples} samples are judged",
        timeout_s=HOURS * 3600,
        every_s=0.5,
    )
    return cluster.judged()


def test_w12_r_w_soak(tmp_path: Path, in_peace: str) -> None:
    """Lost 0, unexpected 0, the same report digest, no orphan."""
    seed = seed_of()
    with line(tmp_path) as cluster, nemesis_of(cluster, seed) as nemesis:
        history = soak(cluster, nemesis, in_peace)
        print(f"{sum('kill -9' in line for line in nemesis.timeline)} kills: {history}")


def soak(cluster: Cluster, nemesis: Nemesis, digest: str) -> History:
    """Drive the run to its end through all blows; its history."""
    for name in ("e", "f"):
        cluster.start_worker("execute", name, slots=1)  # they keep their names, as under a supervisor
    cluster.start_worker("generate", "", slots=16)
    cluster.server.prefill_s = 2.0  # requests are out for as long as programs run
    run = cluster.submit()
    while True:
        wanted = cluster.judged() + nemesis.rng.randint(*STEP)
        wait_until(
            lambda n=wanted, r=run: cluster.judged() >= n or not r.running,  # type: ignore[misc]
            f"{wanted} samples are judged",
            timeout_s=900,
            every_s=0.2,
        )
        if not run.running:
            code = ended(run, 10)
            if code == 0:
                break
            assert code == 3, f"exit code {code}:\n{run.stderr[-3000:]}"
            nemesis.note(f"farm resume, after: {run.stderr.strip().splitlines()[-1]}")
            run = cluster.resume()
        else:
            run = strike(cluster, nemesis, run)
        cluster.tend()
    return check_all(cluster, digest=digest, coordinator_killed=True)


def strike(cluster: Cluster, nemesis: Nemesis, run: FarmProcess) -> FarmProcess:
    """One blow by chance; the process that drives the run afterwards."""
    [blow] = nemesis.rng.choices(list(BLOWS), weights=list(BLOWS.values()))
    worker = nemesis.random_worker(blow.split()[0] if blow.endswith(" worker") else "execute")
    match blow:
        case "coordinator":
            nemesis.kill(run)
            return cluster.resume()
        case "Redis":
            nemesis.restart_redis(down_s=nemesis.rng.uniform(0, 10))
        case "Redis and its data":
            nemesis.restart_redis(empty=True)
        case "pool process" if worker is not None:
            nemesis.kill_one_of(pool_of(worker), blow)
        case "zygote" if worker is not None:
            nemesis.kill_one_of(zygotes_of(worker), blow)
        case _ if worker is not None:
            nemesis.kill(worker, blow)
    return run
