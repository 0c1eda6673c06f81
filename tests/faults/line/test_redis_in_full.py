"""R of `make faults` that happen to Redis itself: emptied, cut, full, out of memory, older than it was."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.line.experiment import Experiment
from tests.support.experiments.invariants import ended
from tests.support.experiments.scale import TIMEOUT_S, only_in_full
from tests.support.farm_process import FarmProcess

pytestmark = [pytest.mark.redis, pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S), only_in_full]


def in_mid_run(experiment: Experiment, seconds: float = 20) -> FarmProcess:
    """A run with both workers and its first verdicts."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    cluster.joined(cluster.start_worker("execute", "e", 2), cluster.start_worker("generate", "g", 8))
    submit = experiment.start(seconds=seconds, generate_slots=8)
    nemesis.when(lambda: cluster.judged() >= 5, "five samples are judged")
    return submit


def test_r3_everything_is_flushed(experiment: Experiment) -> None:
    """R3: FLUSHALL, three times."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    submit = in_mid_run(experiment)
    recorded = cluster.completed()
    for _ in range(3):
        nemesis.note("FLUSHALL")
        cluster.redis.client().flushall()
        nemesis.wait(nemesis.rng.uniform(1, 4))
    history = experiment.finish(submit)
    assert {history.requests[key] for key in recorded} == {1}


@pytest.mark.parametrize("pattern", ["farm:execute", "farm:generate.*", "farm:unacked*", "farm:_kombu.binding.*"])
def test_r4_keys_of_the_broker_are_deleted(experiment: Experiment, pattern: str) -> None:
    """R4: a queue, the messages that workers hold, the routing."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    experiment.slow_down(0.2)  # else no execution waits in its queue
    submit = in_mid_run(experiment)
    client, deleted = cluster.redis.client(), 0
    for _ in range(200):
        if deleted >= 3 or not submit.running:
            break
        names = list(client.scan_iter(match=pattern))
        if names:
            nemesis.note(f"DEL {names}")
            client.delete(*names)
            deleted += 1
        nemesis.wait(0.1)
    experiment.finish(submit)
    if "binding" not in pattern:  # farm's queues are on the anonymous exchange: there is no binding to lose
        assert deleted, f"there was no {pattern}"


def test_r5_the_tail_of_the_append_only_file_is_cut(experiment: Experiment) -> None:
    """R5: what the last write held is lost; the rest is loaded."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    submit = in_mid_run(experiment)
    redis = cluster.redis
    redis.kill()
    [log] = redis.directory.rglob("*.incr.aof")
    cut = nemesis.rng.randrange(1, 2000)
    nemesis.note(f"kill -9 Redis; {cut} of {log.stat().st_size} bytes are cut off its log")
    os.truncate(log, log.stat().st_size - cut)
    redis.start()
    experiment.finish(submit)


def test_r6_the_disk_of_redis_is_full(experiment: Experiment, tmp_path: Path) -> None:
    """R6: writes are refused; the run pauses with the reason, and no verdict is lost."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    redis = cluster.redis
    redis.kill()
    with small_disk(redis.directory):
        redis.start()
        submit = in_mid_run(experiment)
        ballast = redis.directory / "ballast"
        nemesis.note("the disk is filled")
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096) == 4096:
                    pass
            except OSError:
                pass  # full
        assert ended(submit, 300) == 3
        assert "MISCONF" in submit.stderr.splitlines()[-1] and "farm resume run-1" in submit.stderr
        nemesis.note("there is room again")
        ballast.unlink()
        experiment.finish(cluster.resume())
        cluster.stop()
        redis.kill()
    redis.start()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 8 MB there."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system needs root")
    shutil.rmtree(folder)
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "farm-test", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_r13_redis_is_out_of_memory(experiment: Experiment) -> None:
    """R13: under noeviction writes are refused; everybody waits, and goes on when there is room again."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    submit = in_mid_run(experiment)
    client = cluster.redis.client()
    client.config_set("maxmemory-policy", "noeviction")
    nemesis.note("maxmemory is reached")
    client.config_set("maxmemory", "1mb")
    submit.says("maxmemory")
    nemesis.wait(20)
    client.config_set("maxmemory", "0")
    nemesis.note("there is room again")
    history = experiment.finish(submit)
    assert set(history.requests.values()) == {1}, "a completion that could not be written was thrown away"


def test_r14_doctor_refuses_a_redis_that_evicts(experiment: Experiment) -> None:
    """R14: an evicted key is lost work."""
    cluster = experiment.cluster
    cluster.redis.client().config_set("maxmemory-policy", "allkeys-lru")
    doctor = cluster.farm("doctor")
    assert doctor.wait() == 1
    assert "evicts keys (allkeys-lru)" in doctor.stdout + doctor.stderr


def test_r19_failover_to_an_older_replica(experiment: Experiment) -> None:
    """R19: what it does not know is sent again, what it still knows and the ledger has long recorded is dropped."""
    cluster, nemesis = experiment.cluster, experiment.nemesis
    submit = in_mid_run(experiment)
    redis = cluster.redis
    old = redis.directory.with_name("replica")
    nemesis.note("the replica falls behind")
    shutil.copytree(redis.directory, old)
    seen = cluster.judged()
    nemesis.when(lambda: cluster.judged() >= seen + 20, "the master goes on", timeout_s=300)
    nemesis.note("kill -9 of the master, the replica takes over")
    redis.kill()
    shutil.rmtree(redis.directory)
    shutil.copytree(old, redis.directory)
    redis.start()
    history = experiment.finish(submit)
    # What the old replica lists as wanted may be generated once more, as far as the windows reach
    assert max(history.requests.values()) <= 2, str(history)


@pytest.mark.parametrize("what", ["password", "tls", "scripts"])
@pytest.mark.parametrize("role", ["execute", "generate", "submit"])
def test_r20_a_redis_that_does_not_fit(experiment: Experiment, what: str, role: str) -> None:
    """R20: one clear line, exit code 2, no storm of attempts."""
    cluster = experiment.cluster
    client = cluster.redis.client()
    port = cluster.redis.port
    url = {
        "password": f"redis://farm:wrong@127.0.0.1:{port}/0",
        "tls": f"rediss://127.0.0.1:{port}/0",
        "scripts": f"redis://noscripts:right@127.0.0.1:{port}/0",
    }[what]
    client.acl_setuser(
        "noscripts",
        enabled=True,
        passwords=["+right"],
        keys=["*"],
        channels=["*"],
        commands=["+@all", "-evalsha", "-eval"],
    )
    cluster.urls.update(coordinator=url, execute=url, generate=url)
    if role == "submit" and what == "scripts":
        pytest.skip("a coordinator runs no script")
    process = cluster.submit() if role == "submit" else cluster.start_worker(role, "w")
    cluster.workers.clear()
    assert process.wait(100) == 2, process.stderr
    said = [line for line in process.stderr.splitlines() if line.startswith("farm: ")]
    assert len(said) == 1 and said[0].startswith("farm: Redis at "), process.stderr
    assert "Traceback" not in process.stderr
    assert "wrong" not in said[0] and "right" not in said[0]
    stats = client.info("stats")
    assert int(stats["total_connections_received"]) < 40
