"""The whole line on a real redis-server: worker processes, a coordinator, a model server, and their deaths."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.config import load
from farm.coordinator import history
from farm.coordinator.ledger import Ledger
from farm.ids import sample_seed, sha256_hex
from farm.records import CaseResult, SampleKey, Verdict
from farm.tasks.answers import Answers
from farm.tasks.app import make_app, queue
from farm.tasks.keys import WORKER_TTL_S, Keys
from farm.tasks.wire import EXECUTE_TASK
from tests.support.answers import ScriptedModel, gated
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of, samples_of
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_even_odd", "farm_length", "farm_reverse")
SECRET = "canary-9f2c1e77-secret"


@dataclass
class Cluster:
    """One Redis, one model server, any number of farm processes."""

    home: Path
    redis: RedisServer
    server: ModelServer
    model: ScriptedModel
    token: str = SECRET
    processes: list[FarmProcess] = field(default_factory=list)

    def farm(self, *arguments: str, secret: str = "") -> FarmProcess:
        extra = {"FARM_BROKER_URL": self.redis.url}
        if secret:
            extra["VLLM_API_KEY"] = secret
        log = self.home / f"{len(self.processes)}-{arguments[0]}.log"
        process = FarmProcess(*arguments, env=environment(self.home, **extra), log=log)
        self.processes.append(process)
        return process

    def worker(self, role: str, name: str, slots: int = 1) -> FarmProcess:
        """A worker that has joined."""
        secret = self.token if role == "generate" else ""
        process = self.farm("worker", role, "--name", name, "--slots", str(slots), secret=secret)

        def joined() -> bool:
            assert process.running, f"the worker ended:\n{process.stderr[-3000:]}"
            return any(f"worker:{name}@".encode() in key for key in self.redis.client().scan_iter())

        wait_until(joined, f"worker {name} joins", timeout_s=60)
        return process

    def submit(self, n: int = 4, *more: str) -> FarmProcess:
        return self.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", self.server.url,
            "--dataset", "sample", "--ids", ",".join(PROBLEMS), "--n", str(n), "--judge", "judge", "--run-id", "run-1",
            "--out", str(self.out), *more, secret=self.token,
        )  # fmt: skip

    @property
    def out(self) -> Path:
        return self.home / "out"

    def keys(self, n: int = 4) -> list[SampleKey]:
        return [SampleKey(problem_id, index) for problem_id in PROBLEMS for index in range(n)]

    def check_score(self, n: int = 4) -> None:
        """Each planned sample has the verdict that the scripted answer deserves: lost 0, unexpected 0."""
        found = {SampleKey(row["problem_id"], row["index"]): row["verdict"] for row in samples_of(self.out)}
        assert found == {key: self.model.verdict(key).value for key in self.keys(n)}
        assert report_of(self.out)["status"] == "COMPLETE"

    def states(self) -> list[history.SampleState]:
        with Ledger(f"sqlite:///{self.home / 'ledger.db'}") as ledger:
            return history.sample_states(ledger, "run-1") if any(r.run_id == "run-1" for r in ledger.runs()) else []

    def workers_that_judged(self) -> Counter[str]:
        with Ledger(f"sqlite:///{self.home / 'ledger.db'}") as ledger:
            return Counter(result.worker.partition("@")[0] for result in history.results(ledger, "run-1"))

    def seeds_asked(self) -> Counter[int]:
        return Counter(body["seed"] for body in self.server.bodies if body.get("seed") is not None)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    model = ScriptedModel(PROBLEMS)
    with (
        running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis,
        ModelServer(answer=model.answer, model=MODEL, token=SECRET) as server,
    ):
        cluster = Cluster(tmp_path / "home", redis, server, model)
        cluster.home.mkdir()
        try:
            yield cluster
        finally:
            for process in cluster.processes:
                process.stop()
        wait_until(lambda: not farm_processes(cluster.home), "no process is left")


def run_keys(redis: RedisServer) -> list[bytes]:
    return list(redis.client().scan_iter(match="farm:run:*"))


class Gate:
    """Lets so many answers through and holds the rest until it is opened."""

    def __init__(self, allowed: int) -> None:
        self._free = threading.Semaphore(allowed)
        self._opened = threading.Event()
        self.held = 0

    def __call__(self) -> None:
        if not self._free.acquire(blocking=False):
            self.held += 1
            self._opened.wait(120)

    def open(self) -> None:
        self._opened.set()


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
    cluster.submit(n=8).ok()
    cluster.check_score(n=8)
    assert set(cluster.workers_that_judged()) == {"one", "two"}
    asked = cluster.seeds_asked()
    assert {sample_seed(42, k.problem_id, k.index) for k in cluster.keys(8)} == set(asked)
    assert set(asked.values()) == {1}, "a sample was generated twice in a quiet run"
    assert run_keys(cluster.redis) == []


def test_a_worker_that_joins_in_mid_run_takes_work_at_once(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(10)
    cluster.worker("execute", "early")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(n=8)
    wait_until(lambda: sum(s.verdict is not None for s in cluster.states()) == 10, "ten samples are judged")
    cluster.worker("execute", "late")
    held.open()
    submit.ok()
    cluster.check_score(n=8)
    assert cluster.workers_that_judged()["late"] > 0


@pytest.mark.fault
def test_a_killed_worker_loses_nothing(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(6)
    doomed = cluster.worker("execute", "doomed", slots=2)
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(n=8)
    wait_until(lambda: sum(s.verdict is not None for s in cluster.states()) >= 3, "the doomed worker works")
    doomed.kill()
    held.open()
    cluster.worker("execute", "heir", slots=2)
    submit.ok()
    cluster.check_score(n=8)


@pytest.mark.fault
def test_a_killed_generate_worker_costs_no_recorded_sample(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """What it had answered is not asked for again, also when the broker returns its old messages."""
    held = gate(6)
    cluster.worker("execute", "one")
    doomed = cluster.worker("generate", "doomed", slots=12)
    submit = cluster.submit(n=3)
    wait_until(lambda: sum(s.completed for s in cluster.states()) == 6, "six completions are recorded")
    wait_until(lambda: held.held >= 6, "requests of the doomed worker are out")
    recorded = [s.key for s in cluster.states() if s.completed]
    doomed.kill()
    held.open()
    cluster.worker("generate", "heir", slots=12)
    submit.ok()
    cluster.check_score(n=3)
    asked = cluster.seeds_asked()
    assert all(asked[sample_seed(42, key.problem_id, key.index)] == 1 for key in recorded)


@pytest.mark.fault
def test_a_killed_pool_process_is_answered_for(cluster: Cluster, tmp_path: Path) -> None:
    """The program that is running when its pool process dies is judged all the same."""
    worker = cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=8)
    submit = cluster.submit(n=8)
    wait_until(lambda: any(s.verdict is not None for s in cluster.states()), "the first sample is judged")
    children = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    submit.ok()
    cluster.check_score(n=8)


@pytest.mark.fault
def test_a_killed_coordinator_resumes(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(9)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(n=6)
    wait_until(lambda: sum(s.completed for s in cluster.states()) == 9, "nine completions are recorded")
    submit.kill()
    recorded = [s.key for s in cluster.states() if s.completed]
    held.open()
    cluster.farm("resume", "run-1", "--out", str(cluster.out), secret=cluster.token).ok()
    cluster.check_score(n=6)
    asked = cluster.seeds_asked()
    for key in recorded:
        assert asked[sample_seed(42, key.problem_id, key.index)] == 1, f"{key} was recorded and generated again"


@pytest.mark.fault
def test_an_emptied_redis_costs_nothing_recorded(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(9)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(n=4)
    wait_until(lambda: sum(s.verdict is not None for s in cluster.states()) == 9, "nine samples are judged")
    recorded = [s.key for s in cluster.states() if s.completed]
    cluster.redis.kill()
    shutil.rmtree(cluster.redis.directory)
    cluster.redis.directory.mkdir()
    cluster.redis.start()
    held.open()
    submit.ok(200)
    cluster.check_score(n=4)
    asked = cluster.seeds_asked()
    assert all(asked[sample_seed(42, key.problem_id, key.index)] == 1 for key in recorded)


@pytest.mark.fault
def test_an_expired_key_pauses_the_run(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    held = gate(5)
    cluster.worker("execute", "one")
    worker = cluster.worker("generate", "g", slots=4)
    submit = cluster.submit(n=4)
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
    cluster.check_score(n=4)


def test_the_key_of_the_model_server_is_written_nowhere(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=8)
    cluster.submit(n=2).ok()
    cluster.redis.client().bgrewriteaof()
    for process in cluster.processes:
        process.stop()
    canary = SECRET.encode()
    searched = 0
    for folder in cluster.home, cluster.redis.directory:
        for path in folder.rglob("*"):
            if path.is_file():
                searched += 1
                assert canary not in path.read_bytes(), f"the key stands in {path}"
    assert searched > 8


def test_a_forged_verdict_is_refused(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """It passes every test of the suite, but names another program than the recorded completion holds."""
    held = gate(3)
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=32)
    submit = cluster.submit(n=2)
    wait_until(lambda: sum(s.verdict is not None for s in cluster.states()) == 3, "three samples are judged")
    with Ledger(f"sqlite:///{cluster.home / 'ledger.db'}") as ledger:
        honest = next(history.results(ledger, "run-1"))
        problems = {p.problem_id: p for p in history.problems(ledger, "run-1")}
    answers = Answers(cluster.redis.client(), Keys("farm:"))
    for key in cluster.keys(2):
        row = problems[key.problem_id]
        cases = tuple(CaseResult(index=i, verdict=Verdict.PASSED) for i in range(row.tests))
        forged = honest.model_copy(
            update={
                "problem_id": key.problem_id, "index": key.index, "verdict": Verdict.PASSED, "first_failure": None,
                "cases": cases, "tests_total": row.tests, "suite_sha256": row.suite_digest,
                "program_sha256": sha256_hex(b"another program"),
            }
        )  # fmt: skip
        answers.result("run-1", forged)
    held.open()
    submit.ok()
    cluster.check_score(n=2)
    assert report_of(cluster.out)["telemetry"]["counters"]["quarantined"] >= 12


def test_a_worker_gives_its_key_to_named_servers_only(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    elsewhere = cluster.farm(
        "worker", "generate", "--name", "g", "--server-url", "http://127.0.0.1:9", secret=cluster.token
    )
    submit = cluster.submit(n=1)
    assert submit.wait() == 3
    assert "may not talk to" in submit.stderr and "farm resume run-1" in submit.stderr
    assert cluster.seeds_asked() == Counter()
    elsewhere.stop()


@pytest.mark.fault
def test_a_worker_that_drains_keeps_its_work(cluster: Cluster, gate: Callable[[int], Gate]) -> None:
    """SIGTERM while a request is out: the answer is delivered, and nobody else was given the sample."""
    held = gate(0)
    cluster.worker("execute", "one")
    worker = cluster.worker("generate", "g", slots=4)
    submit = cluster.submit(n=1)
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
    cluster.check_score(n=1)
    assert set(cluster.seeds_asked().values()) == {1}, "a sample in a draining worker's hands was generated twice"


def test_a_message_that_is_no_job_harms_nobody(cluster: Cluster) -> None:
    cluster.worker("execute", "one")
    cluster.worker("generate", "g", slots=8)
    client = cluster.redis.client()
    app = make_app(load({"HOME": "/nonexistent", "FARM_BROKER_URL": cluster.redis.url}), "coordinator")
    for job in (None, 42, {}, {"schema_version": 9}, {"schema_version": 1, "run_id": "x" * 100}, "os.system"):
        app.send_task(EXECUTE_TASK, kwargs={"job": job}, queue=queue("execute"), ignore_result=True)
    app.close()
    wait_until(lambda: client.llen("farm:quarantine") == 6, "six messages are refused")
    cluster.submit(n=1).ok()
    cluster.check_score(n=1)
