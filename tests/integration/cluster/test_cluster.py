"""The whole line on a real redis-server: worker processes, a coordinator, a model server, and their deaths."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.config import load
from farm.ids import sample_seed, sha256_hex
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.queue.answer_stream import AnswerStream
from farm.queue.celery_app import make_app, queue
from farm.queue.messages import EXECUTE_TASK
from farm.queue.redis_keys import WORKER_TTL_S, Keys
from farm.queue.signing import Signer
from farm.records import CaseResult, Verdict
from tests.support.answers import Gate, gated
from tests.support.cluster.cluster import SECRET, SHARED, Cluster, running_cluster
from tests.support.farm_process import report_of
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]

PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_even_odd", "farm_length", "farm_reverse")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path, PROBLEMS) as running:
        yield running


@pytest.fixture
def gate(cluster: Cluster) -> Iterator[Callable[[int], Gate]]:
    gates: list[Gate] = []

    def close(allowed: int) -> Gate:
        gates.append(Gate(allowed))
        cluster.server.answer = gated(cluster.model.answer, gates[-1])
        return gates[-1]

    yield close
    for made in gates:
        made.open()


def test_two_execute_workers_and_a_generate_worker_do_a_run(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    cluster.worker("execute", "two")
    cluster.worker("generate", "g", slots=8)
    cluster.submit(8).ok()
    cluster.check_score()
    assert set(cluster.workers_that_judged()) == {"one", "two"}
    asked = cluster.seeds_asked()
    assert {sample_seed(42, k.problem_id, k.index) for k in cluster.plan()} == set(asked)
    assert set(asked.values()) == {1}, "a sample was generated twice in a quiet run"
    assert cluster.run_keys() == []


def test_a_worker_that_joins_in_mid_run_takes_work_at_once(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(10)
    cluster.worker("execute", "early")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(8)
    wait_until(lambda: cluster.judged() == 10, "ten samples are judged")
    cluster.worker("execute", "late")
    held.open()
    submit.ok()
    cluster.check_score()
    assert cluster.workers_that_judged()["late"] > 0


@pytest.mark.fault
def test_a_killed_coordinator_resumes(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(9)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(6)
    wait_until(lambda: sum(s.completed for s in cluster.states()) == 9, "nine completions are recorded")
    submit.kill()
    recorded = [s.key for s in cluster.states() if s.completed]
    held.open()
    cluster.farm("resume", "run-1", "--out", str(cluster.out), secret=cluster.token).ok()
    cluster.check_score()
    asked = cluster.seeds_asked()
    for key in recorded:
        assert asked[sample_seed(42, key.problem_id, key.index)] == 1, f"{key} was recorded and generated again"


@pytest.mark.fault
def test_an_expired_key_pauses_the_run(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(5)
    cluster.worker("execute", "one")
    worker = cluster.worker("generate", "g", slots=4)
    submit = cluster.submit(4)
    wait_until(lambda: held.held >= 4, "requests wait at the server")
    cluster.server.token = cluster.token = "renewed-" + SECRET
    held.open()
    assert submit.wait() == 3
    assert "AuthRejected" in submit.stderr and "farm resume run-1" in submit.stderr
    assert "Traceback" not in submit.stderr
    assert [s.unjudged for s in cluster.states()] == [None] * 24, "a sample was marked failed for a refused key"
    worker.stop()
    cluster.worker("generate", "renewed", slots=4)
    cluster.farm("resume", "run-1", "--out", str(cluster.out), secret=cluster.token).ok()
    cluster.check_score()


def test_no_secret_is_written_anywhere(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """Canaries: the model server's key, and the secret that signs. Looked for in all that a run makes or shows."""
    held = gate(3)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=8)
    submit = cluster.submit(2)
    wait_until(lambda: held.held and cluster.judged() == 3, "the run is in the middle")
    canaries = [SECRET.encode(), SHARED.encode()]
    shown = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    client = cluster.redis.client()
    kept = [client.dump(key) or b"" for key in client.scan_iter()]
    assert len(shown) > 4 and len(kept) > 4
    held.open()
    submit.ok()
    cluster.redis.client().bgrewriteaof()
    cluster.farm("inspect", "run-1").wait()
    for process in cluster.processes:
        process.stop()
    for folder in cluster.home, cluster.redis.directory:
        files = [path for path in folder.rglob("*") if path.is_file()]
        kept += [path.name.encode() + path.read_bytes() for path in files]
        assert files
    for what in (*shown, *kept):
        assert not any(canary in what for canary in canaries), f"a secret stands in {what[:200]!r}"
    assert {path.name for path in cluster.logs.iterdir()} >= {"run_logs", "workflow_logs", "worker_logs"}


def test_logs_tell_of_each_sample_from_request_to_verdict(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=8)
    cluster.submit(1).ok()
    [run_log] = (cluster.logs / "run_logs").iterdir()
    assert re.fullmatch(r"run_[-0-9_]+_Llama-3.2-3B-Instruct_evals\.log", run_log.name)
    told = {
        path.name.partition("@")[0]: lines_of(path) for path in (cluster.logs / "workflow_logs/evals_run-1").iterdir()
    }
    assert set(told) == {"one", "g", "coordinator.log"}
    plan = {str(key) for key in cluster.plan()}
    for worker, stage in (("g", "generate"), ("one", "execute")):
        for word in ("begun", "completion of" if worker == "g" else " of CPU"):
            lines = [line for line in told[worker] if word in line["message"]]
            assert {line["sample"] for line in lines} == plan, f"{worker}: {word}"
            assert all((line["run"], line["attempt"], line["stage"]) == ("run-1", 1, stage) for line in lines)
    asked = {line["request"] for line in told["g"] if line["message"] == "begun"}
    assert asked == set(cluster.server.request_ids), "the server's log cannot be joined with ours"
    assert [line["message"] for line in told["coordinator.log"]][-1] == "ended: complete"


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_forged_verdict_is_refused(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """It is what a worker said, but not signed; or it is signed, and names another program than the completion."""
    held = gate(3)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(2)
    wait_until(lambda: cluster.judged() == 3, "three samples are judged")
    with Ledger(f"sqlite:///{cluster.home / 'ledger.db'}") as ledger:
        judged = list(history.results(ledger, "run-1"))
        problems = {p.problem_id: p for p in history.problems(ledger, "run-1")}
    client = cluster.redis.client()
    unsigned, signed = (AnswerStream(client, Keys("farm:"), Signer(secret)) for secret in (b"", SHARED.encode()))
    for copy in judged:
        unsigned.results("run-1", 1, [copy])
    for key in cluster.plan():
        row = problems[key.problem_id]
        cases = tuple(CaseResult(index=i, verdict=Verdict.PASSED) for i in range(row.tests))
        forged = judged[0].model_copy(
            update={
                "problem_id": key.problem_id, "index": key.index, "verdict": Verdict.PASSED, "first_failure": None,
                "cases": cases, "tests_total": row.tests, "suite_sha256": row.suite_digest,
                "program_sha256": sha256_hex(b"another program"),
            }
        )  # fmt: skip
        signed.results("run-1", 1, [forged])
    held.open()
    submit.ok()
    cluster.check_score()
    assert report_of(cluster.out)["telemetry"]["counters"]["quarantined"] >= 12 + len(judged)


def test_a_worker_gives_its_key_to_named_servers_only(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    elsewhere = cluster.farm(
        "worker", "generate", "--name", "g", "--server-url", "http://127.0.0.1:9", secret=cluster.token
    )
    submit = cluster.submit(1)
    assert submit.wait() == 3
    assert "may not talk to" in submit.stderr and "farm resume run-1" in submit.stderr
    assert cluster.seeds_asked() == Counter()
    elsewhere.stop()


@pytest.mark.fault
def test_a_worker_that_drains_keeps_its_work(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """SIGTERM during a request: the answer is delivered, and no other worker was given the sample."""
    held = gate(0)
    cluster.worker("execute", "one")
    worker = cluster.worker("generate", "g", slots=4)
    submit = cluster.submit(1)
    wait_until(lambda: held.held == 4, "four requests are out")
    worker.process.terminate()
    present = cluster.redis.client()
    ttl_s = WORKER_TTL_S + 2.0
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > ttl_s, "a presence key would have run out", timeout_s=60)
    assert any(b"worker:g@" in key for key in present.scan_iter()), "a draining worker was taken for dead"
    held.open()
    cluster.worker("generate", "next", slots=4)
    submit.ok()
    cluster.check_score()
    assert set(cluster.seeds_asked().values()) == {1}, "a sample in a draining worker's hands was generated twice"


def test_a_message_that_is_no_job_harms_nobody(cluster: Cluster) -> None:
    workers = [cluster.worker("execute", "one"), cluster.worker("generate", "g", slots=8)]
    client = cluster.redis.client()
    app = make_app(load({"HOME": "/nonexistent", "FARM_BROKER_URL": cluster.redis.url}), "coordinator")
    for job in (None, 42, {}, {"schema_version": 9}, {"schema_version": 2, "run_id": "x" * 100}, "os.system"):
        app.send_task(EXECUTE_TASK, kwargs={"job": job}, queue=queue("execute"), ignore_result=True)
    app.close()
    client.lpush("farm:execute", bytes(128 << 20))
    wait_until(lambda: client.llen("farm:quarantine") == 7, "seven messages are refused")
    assert all(worker.peak_bytes < 200 << 20 for worker in workers)
    cluster.submit(1).ok()
    cluster.check_score()
