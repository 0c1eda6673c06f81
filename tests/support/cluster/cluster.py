"""A cluster as its users have one: a real Redis, a scripted model server, farm processes, and their deaths.

What may be done to it is in tests/support/experiments/nemesis.py, and what must hold afterwards in invariants.py there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from redis import Redis

from farm.ledger import history, tables
from farm.ledger.ledger import Ledger
from farm.records import SampleKey
from tests.support.answers import ScriptedModel
from tests.support.farm_process import FarmProcess, environment, farm_processes, report_of, samples_of
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.sentinel import Sentinels
from tests.support.wait import wait_until

MODEL = "meta-llama/Llama-3.2-3B-Instruct"
RUN_ID = "run-1"
SECRET = "canary-9f2c1e77-secret"
SHARED = "canary-51b0d3aa-shared-by-all"  # FARM_SECRET


@dataclass(frozen=True)
class WorkerSlot:
    """The role, name and slots of a worker, with which its successor is started when it dies."""

    role: str
    name: str  # empty: farm's own choice, as without --name
    slots: int


@dataclass
class Cluster:
    """One Redis, one model server, any number of farm processes, one run."""

    home: Path
    redis: RedisServer
    server: ModelServer
    model: ScriptedModel
    problems: tuple[str, ...]
    n: int = 4
    token: str = SECRET
    processes: list[FarmProcess] = field(default_factory=list)
    workers: dict[WorkerSlot, FarmProcess] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)  # of all processes
    sentinels: Sentinels | None = None  # who name the server that is used, in place of `redis`
    urls: dict[str, str] = field(default_factory=dict)  # role -> its way to Redis, if not the direct one
    _ledger: Ledger | None = None

    def client(self) -> Redis:
        """A client of the server that farm's processes use."""
        return self.redis.client() if self.sentinels is None else self.sentinels.client()

    # --- processes --------------------------------------------------------------------------------------

    def farm(
        self, *arguments: str, secret: str = "", role: str = "coordinator", package: Path | None = None
    ) -> FarmProcess:
        """Start a farm command, of the farm in folder `package` if there is one."""
        extra = {
            "FARM_BROKER_URL": self.urls.get(role, self.redis.url),
            "FARM_SECRET": SHARED,
            "FARM_LOG_DIR": str(self.logs),
            **self.env,
        }
        if package is not None:
            extra["PYTHONPATH"] = str(package)
        if secret:
            extra["VLLM_API_KEY"] = secret
        log = self.home / f"{len(self.processes)}-{arguments[0]}.log"
        process = FarmProcess(*arguments, env=environment(self.home, **extra), log=log)
        self.processes.append(process)
        return process

    def start_worker(self, role: str, name: str, slots: int = 1, package: Path | None = None) -> FarmProcess:
        """A worker that is about to join."""
        secret = self.token if role == "generate" else ""
        named = ("--name", name) if name else ()
        process = self.farm("worker", role, *named, "--slots", str(slots), secret=secret, role=role, package=package)
        self.workers[WorkerSlot(role, name, slots)] = process
        return process

    def worker(self, role: str, name: str, slots: int = 1, package: Path | None = None) -> FarmProcess:
        """A worker that has joined."""
        process = self.start_worker(role, name, slots, package)
        self.joined(process)
        return process

    def joined(self, *processes: FarmProcess) -> None:
        """Wait until these workers are present."""

        def all_there() -> bool:
            for process in processes:
                assert process.running, f"the worker ended:\n{process.stderr[-3000:]}"
            present = self.client()
            pids = {present.hget(key, "pid") for key in present.scan_iter(match="farm:worker:*")}
            return {str(process.process.pid).encode() for process in processes} <= pids

        wait_until(all_there, "the workers join", timeout_s=100)

    def name_of(self, worker: FarmProcess) -> str:
        """The name under which a worker is present, and claims work."""
        client, pid = self.client(), str(worker.process.pid).encode()
        [name] = [key for key in client.scan_iter(match="farm:worker:*") if client.hget(key, "pid") == pid]
        return str(name.decode().removeprefix("farm:worker:"))

    def tend(self) -> None:
        """Put a new worker where one has died, as a supervisor does."""
        for slot, process in list(self.workers.items()):
            if not process.running:
                self.start_worker(slot.role, slot.name, slot.slots)

    def submit(self, n: int | None = None, *more: str) -> FarmProcess:
        """Start the run."""
        self.n = self.n if n is None else n
        return self.farm(
            "submit", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--server-url", self.server.url,
            "--dataset", "sample", "--ids", ",".join(self.problems), "--n", str(self.n), "--judge", "judge",
            "--run-id", RUN_ID, "--out", str(self.out), *more, secret=self.token,
        )  # fmt: skip

    def resume(self) -> FarmProcess:
        """Go on with the run."""
        return self.farm("resume", RUN_ID, "--out", str(self.out), secret=self.token)

    def stop(self) -> None:
        """End all processes as an operator would."""
        self.workers.clear()
        if self._ledger is not None:
            self._ledger.close()
        for process in self.processes:
            if process.running:
                process.process.terminate()
        for process in self.processes:
            process.stop()

    # --- what it did ------------------------------------------------------------------------------------

    @property
    def out(self) -> Path:
        return self.home / "out"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def ledger_url(self) -> str:
        return f"sqlite:///{self.home / 'ledger.db'}"

    def plan(self) -> list[SampleKey]:
        """The samples of the plan."""
        return [SampleKey(problem_id, index) for problem_id in self.problems for index in range(self.n)]

    def check_score(self) -> None:
        """Each planned sample has the verdict that the scripted answer deserves: lost 0, unexpected 0."""
        found = {SampleKey(row["problem_id"], row["index"]): row["verdict"] for row in samples_of(self.out)}
        assert found == {key: self.model.verdict(key).value for key in self.plan()}
        assert report_of(self.out)["status"] == "COMPLETE"
        client = self.client()
        endless = [key for key in client.scan_iter(match="farm:*") if client.ttl(key) == -1 and not _is_kombus(key)]
        assert endless == [], "keys without a TTL"

    @property
    def ledger(self) -> Ledger:
        """The run's ledger, opened once: opening checks all of it."""
        if self._ledger is None:
            self._ledger = Ledger(self.ledger_url)
        return self._ledger

    def states(self) -> list[history.SampleState]:
        """How far each sample is; nothing before the run is planned."""
        return history.sample_states(self.ledger, RUN_ID)

    def completed(self) -> list[SampleKey]:
        return [state.key for state in self.states() if state.completed]

    def judged(self) -> int:
        """The number of recorded verdicts."""
        with self.ledger.read() as db:
            query = sa.select(sa.func.count()).where(tables.results.c.run_id == RUN_ID)
            return int(db.execute(query).scalar_one())

    def workers_that_judged(self) -> Counter[str]:
        return Counter(result.worker.partition("@")[0] for result in history.results(self.ledger, RUN_ID))

    def seeds_asked(self) -> Counter[int]:
        """How often the model server was asked for each seed, and so for each sample."""
        return Counter(body["seed"] for body in self.server.sample_bodies)

    def run_keys(self) -> list[bytes]:
        """The run's keys in Redis."""
        return list(self.client().scan_iter(match="farm:run:*"))


def _is_kombus(key: bytes) -> bool:
    """What Celery's transport keeps: queues and what is in workers' hands are gone when empty, bindings stay."""
    return any(
        key.startswith(f"farm:{name}".encode()) for name in ("_kombu", "unacked", "generate.", "execute", "score")
    )


@contextmanager
def running_cluster(
    folder: Path, problems: Sequence[str], *, n: int = 4, distinct: bool = False, redis: Sequence[str] = ()
) -> Iterator[Cluster]:
    """A cluster without workers; `redis` are more arguments for its Redis. No process is left afterwards.

    With `distinct` no two samples have the same program, so that each is executed.
    """
    model = ScriptedModel(problems, distinct=distinct)
    with (
        running_redis(folder / "redis", *redis, binary=real_redis_binary()) as server,
        ModelServer(answer=model.answer, model=MODEL, token=SECRET) as model_server,
    ):
        cluster = Cluster(folder / "home", server, model_server, model, tuple(problems), n)
        cluster.home.mkdir()
        try:
            yield cluster
        finally:
            cluster.stop()
        wait_until(lambda: not farm_processes(cluster.home), "no process is left")
