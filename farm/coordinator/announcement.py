"""What a run announces in Redis: that it wants work, on which queue and under which fence. And which workers are there.

Written again each second, so that a Redis that lost its data has it back at once; deleted when the run ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import redis

import farm
from farm.coordinator.progress import Progress
from farm.errors import RunExists
from farm.ids import DEFAULT_RUNTIME
from farm.ledger.executions import RuntimeIdentity
from farm.queue.messages import WIRE_VERSION
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import RUN_TTL_S, Keys, generate_queue
from farm.queue.workers import Worker, living_workers
from farm.records import RunSpec
from farm.records.phases import Stage
from farm.text import one_line

PROGRESS_TTL_S = 10


@dataclass(frozen=True, slots=True)
class ConnectedWorkers:
    """The living workers that can work for a run."""

    roles: frozenset[str] = frozenset()  # for which there is one that takes the run's jobs
    runtimes: frozenset[RuntimeIdentity] = frozenset()
    incompatible: tuple[str, ...] = ()  # workers that cannot work for this coordinator, and why
    execute_slots: int = 0  # of those that take the run's programs

    def missing(self, stages: Iterable[Stage], spec: RunSpec) -> str:
        """For which of these stages of a run no worker is there, and what to type; empty if there is one for each."""
        lacking = (_no_worker(stage, spec) for stage in stages if stage not in self.roles)
        return "; ".join((*lacking, *self.incompatible))


class Announcement:
    """The keys of one run that are neither jobs, answers nor blobs."""

    def __init__(
        self, connection: redis.Redis, keys: Keys, run_id: str, fence: int, spec: RunSpec, identity: str, key_id: str
    ) -> None:
        self._redis, self._keys, self._run_id, self._fence = connection, keys, run_id, fence
        self._model = spec.model if spec.generates else None
        self._runtime = spec.judge.runtime
        self._environment = spec.environment
        self._identity, self._key_id = identity, key_id
        self._quarantine = Quarantine(connection, keys)
        self._refused: int | None = None

    def claim_name(self) -> None:
        """Take the run's name on this Redis. Raises RunExists when a run of another ledger has it."""
        name = self._keys.identity(self._run_id)
        self._redis.set(name, self._identity, nx=True, ex=RUN_TTL_S)
        if self._redis.get(name) not in (self._identity.encode(), None):
            raise RunExists(f"another run named {self._run_id} uses this Redis", remedy="give another --run-id")

    def announce(self) -> None:
        """Say that this run wants work, to workers that hold its jobs and to those that could serve its model."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.set(self._keys.identity(self._run_id), self._identity, ex=RUN_TTL_S)
        pipe.set(self._keys.state(self._run_id), str(self._fence), ex=RUN_TTL_S)
        if self._model is not None:
            pipe.sadd(self._keys.generate_queues, generate_queue(self._model.repo))
            pipe.expire(self._keys.generate_queues, RUN_TTL_S)
        pipe.execute()

    def show(self, progress: Progress) -> None:
        """Publish the progress for `farm watch`; it expires unless it is renewed."""
        self._redis.set(self._keys.progress(self._run_id), progress.to_json(), ex=PROGRESS_TTL_S)

    def newly_refused(self) -> int:
        """How many messages the workers of this Redis refused since the last call, of whatever run."""
        before, self._refused = self._refused, self._quarantine.refused()
        return 0 if before is None else max(0, self._refused - before)  # a Redis that lost its data counts from 0

    def withdraw(self) -> None:
        """Stop asking for work: workers drop the jobs that they take from now on."""
        self._redis.delete(self._keys.state(self._run_id))

    def clear(self) -> None:
        """Delete every key of the run."""
        names = list(self._redis.scan_iter(match=self._keys.of_run(self._run_id), count=1000))
        if names:
            self._redis.unlink(*names)

    def connected_workers(self) -> ConnectedWorkers:
        """Which workers are connected now."""
        ours: list[Worker] = []
        incompatible: list[str] = []
        for worker in living_workers(self._redis, self._keys):
            if not worker.role:
                continue  # no worker of farm's wrote this key
            why = self._incompatibility(worker)
            if why:
                incompatible.append(one_line(f"worker {worker.name} {why}"))
            else:
                ours.append(worker)
        runtimes = {RuntimeIdentity(*w.sandboxes[self._runtime]) for w in ours if self._runtime in w.sandboxes}
        fit = [w for w in ours if self._fits(w)]
        slots = sum(w.most_slots for w in fit if w.role == Stage.EXECUTE)
        roles = frozenset(w.role for w in fit)
        return ConnectedWorkers(roles, frozenset(runtimes), tuple(sorted(incompatible)), slots)

    def _fits(self, worker: Worker) -> bool:
        """Whether it takes the jobs of this run that are for its role."""
        if worker.draining:
            return False
        if worker.role == Stage.EXECUTE:
            return self._runtime in worker.sandboxes
        return worker.role != Stage.SCORE or self._environment in worker.environments

    def _incompatibility(self, worker: Worker) -> str:
        """Why a worker cannot take this run's jobs; empty if it can."""
        if worker.wire != str(WIRE_VERSION):
            return f"is of another version (VersionSkew): farm {worker.version}, this is {farm.__version__}"
        return "" if worker.key_id == self._key_id else "has another FARM_SECRET (start it with the coordinator's)"


def shown_progress(connection: redis.Redis, keys: Keys, run_id: str) -> Progress | None:
    """How a run stands, as its coordinator showed it a moment ago; None if none shows it now."""
    stored = cast(bytes | None, connection.get(keys.progress(run_id)))
    try:
        return None if stored is None else Progress.from_json(stored)
    except ValueError:
        return None  # of another version


def _no_worker(stage: Stage, spec: RunSpec) -> str:
    if stage is Stage.SCORE:
        name = spec.environment
        return (
            f"no score worker has the environment {name}: where Redis can be reached, "
            f"farm env create {name}, then farm worker score --env {name}"
        )
    runtime = spec.judge.runtime
    has = f" that has the runtime {runtime}" if stage is Stage.EXECUTE and runtime != DEFAULT_RUNTIME else ""
    return f"no {stage} worker{has} is connected (start one: farm worker {stage})"
