"""`farm submit --detach` and `farm coordinator` on a real Redis: many runs, one service, and its death."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.ids import sample_seed
from farm.ledger import history
from farm.ledger.counts import RunCounts, run_counts
from farm.ledger.ledger import Ledger
from farm.records import SampleKey
from tests.support.answers import ScriptedModel, gated
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(300)]

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_length")
RUNS = ("run-1", "run-2", "run-3")
SECRET = "a-key-of-the-server"


@dataclass
class Farm:
    """A home, a Redis, a model server that answers as many requests as `free` lets through."""

    home: Path
    redis: RedisServer
    server: ModelServer
    model: ScriptedModel
    free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    processes: list[FarmProcess] = field(default_factory=list)

    def gate(self) -> None:
        self.free.acquire(timeout=120)

    def start(self, *arguments: str, home: Path | None = None) -> FarmProcess:
        env = environment(home or self.home, FARM_BROKER_URL=self.redis.url, VLLM_API_KEY=SECRET)
        process = FarmProcess(*arguments, env=env, log=self.home / f"{len(self.processes)}-{arguments[0]}.log")
        self.processes.append(process)
        return process

    def submit(self, run_id: str, *more: str, problems: tuple[str, ...] = PROBLEMS) -> FarmProcess:
        return self.start(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", self.server.url,
            "--dataset", "sample", "--ids", ",".join(problems), "--n", "2", "--judge", "judge", "--run-id", run_id,
            *more,
        )  # fmt: skip

    def standing(self, run_id: str) -> RunCounts:
        with Ledger(f"sqlite:///{self.home / 'ledger.db'}") as ledger:
            return run_counts(ledger, run_id).get(run_id, RunCounts())

    def state(self, run_id: str) -> tuple[str, str]:
        with Ledger(f"sqlite:///{self.home / 'ledger.db'}") as ledger:
            row = ledger.run(run_id)
            return row.state, row.reason

    def recorded(self, run_id: str) -> list[SampleKey]:
        with Ledger(f"sqlite:///{self.home / 'ledger.db'}") as ledger:
            return [state.key for state in history.sample_states(ledger, run_id) if state.completed]

    def report(self, run_id: str) -> str:
        return str(report_of(self.home / "reports" / run_id)["status"])


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    model = ScriptedModel(PROBLEMS)
    with (
        running_redis(tmp_path / "redis", binary=real_redis_binary()) as redis,
        ModelServer(answer=model.answer, model=MODEL, token=SECRET) as server,
    ):
        made = Farm(tmp_path / "home", redis, server, model)
        made.home.mkdir()
        server.answer = gated(model.answer, made.gate)
        try:
            yield made
        finally:
            made.free.release(1000)
            for process in made.processes:
                process.stop()
        wait_until(lambda: not farm_processes(made.home), "no process is left")


def test_a_killed_service_goes_on_with_all_its_runs(farm: Farm) -> None:
    farm.start("worker", "execute", "--slots", "2")
    farm.start("worker", "generate")
    for run_id in RUNS:
        farm.submit(run_id, "--detach", *(["--seed", "7"] if run_id == "run-2" else [])).ok()
    assert farm.state("run-1") == ("planned", "")
    service = farm.start("coordinator")
    service.says("run run-3: driving it")
    farm.free.release(6)
    wait_until(lambda: all(farm.state(run_id)[0] == "running" for run_id in RUNS), "all are driven", timeout_s=60)
    wait_until(lambda: sum(farm.standing(run_id).judged for run_id in RUNS) == 6, "six are judged", timeout_s=60)
    service.kill()
    farm.redis.client().delete("farm:run:run-3:progress")  # the dead one's picture, which fades by itself
    kept = {run_id: farm.recorded(run_id) for run_id in RUNS}
    assert sum(map(len, kept.values())) == 6

    elsewhere = farm.home.parent / "elsewhere"
    again = farm.start("coordinator")
    wait_until(lambda: farm.redis.client().exists("farm:run:run-3:progress"), "run-3 is shown", timeout_s=60)
    seen = farm.start("watch", "run-3", home=elsewhere)  # a home without the ledger: Redis alone shows it
    seen.says("judged ")
    watching = farm.start("watch", "run-1")
    farm.free.release(1000)
    watching.ok()
    assert "run-1 is complete" in watching.stdout
    for run_id in kept:
        again.says(f"run {run_id}: complete")
        assert farm.report(run_id) == "COMPLETE"
    seen.ok()
    asked = Counter(body["seed"] for body in farm.server.sample_bodies)
    for run_id, keys in kept.items():
        seed = 7 if run_id == "run-2" else 42
        allowed = 1 if run_id == "run-2" else 2  # run-1 and run-3 ask with the same seeds
        assert all(asked[sample_seed(seed, key.problem_id, key.index)] <= allowed for key in keys), run_id
    again.process.terminate()
    assert again.wait() == 0 and "Traceback" not in again.stderr


def test_a_run_that_cannot_go_on_touches_no_other(farm: Farm) -> None:
    """Its tests are gone; another one is cancelled; the third completes. A stopped service keeps its orders."""
    farm.start("worker", "execute")
    farm.start("worker", "generate")
    farm.submit("broken", "--detach", problems=("farm_length",)).ok()
    for blob in (farm.home / "blobs").glob("??/*.zst"):
        blob.unlink()
    farm.submit("held", "--detach", problems=("farm_add",)).ok()
    farm.submit("good", "--detach", problems=("farm_double", "farm_echo")).ok()
    service = farm.start("coordinator", "--runs", "2")
    service.says("run broken: paused (run broken: the stored tests")
    wait_until(lambda: farm.state("held")[0] == farm.state("good")[0] == "running", "both are driven", timeout_s=60)
    farm.start("cancel", "held").ok()
    assert farm.state("held") == ("paused", "cancelled")
    service.process.terminate()
    assert service.wait() == 0
    assert farm.state("good") == ("paused", "interrupted")
    again = farm.start("coordinator")
    farm.free.release(1000)
    again.says("run good: complete")
    assert farm.report("good") == "COMPLETE"
    assert "run held" not in again.stderr and "run broken" not in again.stderr
    farm.start("resume", "held", "--detach").ok()
    again.says("run held: complete")
    again.interrupt()
    assert again.wait() == 0
