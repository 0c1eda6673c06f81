"""Runs on a Redis and workers that stand already, each against its own model servers.

For tests of what model servers do: starting the workers takes longer than such a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.admission.slots import Slots
from farm.ids import sample_seed
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.queue.redis_keys import Keys
from farm.records import SampleKey
from tests.support.answers import ScriptedModel
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of, samples_of
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
PROBLEMS = ("farm_add", "farm_double", "farm_echo", "farm_even_odd", "farm_length", "farm_reverse")
TOKEN = "serving-canary-51aa"
SECRET = "of-this-farm-alone-d2b7c9"  # separate hosts need one


@dataclass
class ServingFarm:
    """One Redis and its workers; a home and a ledger for all runs."""

    home: Path
    redis: RedisServer
    model: ScriptedModel
    processes: list[FarmProcess] = field(default_factory=list)
    runs: int = 0

    def farm(self, *arguments: str, token: str = TOKEN, broker: str = "", prefix: Sequence[str] = ()) -> FarmProcess:
        """Start a farm command; `prefix` and `broker` are its host's way of starting it and of reaching Redis."""
        env = environment(self.home, FARM_BROKER_URL=broker or self.redis.url, VLLM_API_KEY=token, FARM_SECRET=SECRET)
        log = self.home / f"{len(self.processes)}-{arguments[0]}.log"
        self.processes.append(FarmProcess(*arguments, env=env, log=log, prefix=prefix))
        return self.processes[-1]

    def worker(
        self, role: str, name: str, slots: int, *, token: str = TOKEN, broker: str = "", prefix: Sequence[str] = ()
    ) -> FarmProcess:
        """A worker that has joined."""
        arguments = ("worker", role, "--name", name, "--slots", str(slots))
        process = self.farm(*arguments, token=token, broker=broker, prefix=prefix)

        def joined() -> bool:
            assert process.running, f"the worker ended:\n{process.stderr[-3000:]}"
            return any(f"worker:{name}@".encode() in key for key in self.redis.client().scan_iter())

        wait_until(joined, f"worker {name} joins", timeout_s=100)
        return process

    def server(self, **options: Any) -> ModelServer:
        """A model server that answers as the run's score expects it."""
        return ModelServer(answer=self.model.answer, model=MODEL, token=TOKEN, **options)

    def submit(self, *servers: ModelServer, n: int = 4, more: tuple[str, ...] = ()) -> Run:
        """Start a run."""
        self.runs += 1
        run_id = f"run-{self.runs}"
        urls = [word for server in servers for word in ("--server-url", server.url)]
        process = self.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", *urls, "--dataset", "sample", "--ids",
            ",".join(PROBLEMS), "--n", str(n), "--judge", "judge", "--run-id", run_id, "--out",
            str(self.home / "out" / run_id), *more,
        )  # fmt: skip
        return Run(self, run_id, n, process)

    @property
    def slots(self) -> Slots:
        return Slots(self.redis.client(), Keys("farm:"))


@dataclass
class Run:
    """One run of the farm."""

    farm: ServingFarm
    run_id: str
    n: int
    process: FarmProcess

    @property
    def out(self) -> Path:
        return self.farm.home / "out" / self.run_id

    def keys(self) -> list[SampleKey]:
        return [SampleKey(problem_id, index) for problem_id in PROBLEMS for index in range(self.n)]

    def seeds(self) -> set[int]:
        return {sample_seed(42, key.problem_id, key.index) for key in self.keys()}

    def resume(self, *more: str, token: str = TOKEN) -> FarmProcess:
        """Go on with it."""
        return self.farm.farm("resume", self.run_id, "--out", str(self.out), *more, token=token)

    def finish(self, timeout_s: float = 200.0) -> None:
        """It ends by itself, complete, with the score that a quiet run has."""
        self.process.ok(timeout_s)
        self.check_score()

    def check_score(self) -> None:
        """Each planned sample has the verdict that the scripted answer deserves."""
        found = {SampleKey(row["problem_id"], row["index"]): row["verdict"] for row in samples_of(self.out)}
        assert found == {key: self.farm.model.verdict(key).value for key in self.keys()}
        assert self.report()["status"] == "COMPLETE"

    def report(self) -> dict[str, Any]:
        return report_of(self.out)

    def states(self) -> list[history.SampleState]:
        """How far each sample is; nothing before it is planned."""
        if not (self.farm.home / "ledger.db").exists():
            return []
        with Ledger(f"sqlite:///{self.farm.home / 'ledger.db'}") as ledger:
            known = any(row.run_id == self.run_id for row in ledger.runs())
            return history.sample_states(ledger, self.run_id) if known else []

    def completed(self) -> int:
        return sum(state.completed for state in self.states())

    def asked(self, *servers: ModelServer) -> Counter[int]:
        """How often the servers were asked for each sample, by its seed."""
        seeds = self.seeds()
        return Counter(body["seed"] for server in servers for body in server.bodies if body.get("seed") in seeds)


@contextmanager
def serving_farm(folder: Path, *redis_arguments: str, generate_slots: int = 64) -> Iterator[ServingFarm]:
    """A Redis, an execute worker and, unless it has no slots, a generate worker. No process is left afterwards."""
    folder.mkdir(exist_ok=True)
    with running_redis(folder / "redis", *redis_arguments, binary=real_redis_binary()) as redis:
        farm = ServingFarm(folder / "home", redis, ScriptedModel(PROBLEMS))
        farm.home.mkdir()
        try:
            farm.worker("execute", "execute", 2)
            if generate_slots:
                farm.worker("generate", "generate", generate_slots)
            yield farm
        finally:
            for process in farm.processes:
                if process.running:
                    process.process.terminate()
            for process in farm.processes:
                process.stop()
        wait_until(lambda: not farm_processes(farm.home), "no process is left")
