"""Where outstanding jobs are: claimed by a living worker, in a queue, or lost.

Celery on Redis can lose a message when a worker is killed, and returns others only after a time-out.
So the coordinator looks in three places itself: the claims that workers write when they start a job, the
heartbeats of those workers, and the queue. A job that is in none of them is sent again. So is one that an idle worker
has claimed: its answer was written to a server that died before its replica had it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import redis

from farm.queue.envelope import MAX_RAW_BYTES
from farm.queue.redis_keys import Keys
from farm.records import WorkKey, parse_work_key
from farm.records.phases import Stage

UNCLAIMED_S = 5.0  # how long a message may be between queue and claim
QUEUE_PIECE = 500  # entries read at a time
QUEUE_LOOK = 20_000  # entries looked at: farm's own are far fewer, more are a flood of junk
IDLE_S = 10.0  # how long a worker must be without work while it has claims: several heartbeats
DEAD_AFTER_S = 5.0  # how long a worker's heartbeat must be missing, above its TTL


Claims = dict[tuple[WorkKey, Stage], tuple[int, str]]  # place of a job -> attempt and worker


@dataclass(frozen=True, slots=True)
class Out:
    """One outstanding job."""

    key: WorkKey
    stage: Stage
    attempt: int
    message: str | None  # the Celery id of the message that it was sent in; None: an earlier coordinator sent it


@dataclass(frozen=True, slots=True)
class Findings:
    """Outstanding jobs that are lost: their worker died, or they are in no queue and no worker has them."""

    dead: list[tuple[Out, str]]  # with the worker's name
    vanished: list[Out]


class Reconciler:
    """Remembers since when something has been missing, because one look alone proves nothing."""

    def __init__(self, connection: redis.Redis, keys: Keys, run_id: str) -> None:
        self._redis = connection
        self._keys = keys
        self._run_id = run_id
        self._worker_missing: dict[str, float] = {}
        self._worker_idle: dict[str, float] = {}
        self._unclaimed: dict[Out, float] = {}

    def forget(self) -> None:
        """Forget what was missing: while Redis fails, that proves nothing."""
        self._worker_missing.clear()
        self._worker_idle.clear()
        self._unclaimed.clear()

    def adopted(self) -> dict[tuple[WorkKey, Stage], int]:
        """Attempts that living workers have now, left by an earlier coordinator of this run."""
        claims = self._claims()
        present = self._present({worker for _, worker in claims.values()})
        return {place: attempt for place, (attempt, worker) in claims.items() if worker in present}

    def look(self, out: Iterable[Out], queues: dict[Stage, str], now: float) -> Findings:
        """Compare outstanding jobs with what Redis holds. `now` is monotonic; call every second or two."""
        claims = self._claims()
        present = self._present({worker for _, worker in claims.values()})
        self._note(claims, present, now)
        dead: list[tuple[Out, str]] = []
        suspects: dict[Out, float] = {}
        for job in out:
            attempt, worker = claims.get((job.key, job.stage), (0, ""))
            if attempt != job.attempt or now - self._worker_idle.get(worker, now) >= IDLE_S:
                suspects[job] = self._unclaimed.get(job, now)
            elif now - self._worker_missing.get(worker, now) >= DEAD_AFTER_S:
                dead.append((job, worker))
        old = {job for job, since in suspects.items() if now - since >= UNCLAIMED_S}
        vanished: list[Out] = []
        if old:
            queued = {
                name: self._queued(name, {job.message for job in old if job.message and queues[job.stage] == name})
                for name in {queues[job.stage] for job in old}
            }
            for job in old:
                if job.message in queued[queues[job.stage]]:
                    suspects[job] = now  # it waits in its queue: look again later
                else:
                    vanished.append(job)
                    del suspects[job]
        self._unclaimed = suspects
        return Findings(dead, vanished)

    def _note(self, claims: Claims, present: dict[str, bool], now: float) -> None:
        """Since when workers with claims have been gone, and since when they have been idle."""
        workers = {worker for _, worker in claims.values()}
        self._worker_missing = {w: self._worker_missing.get(w, now) for w in workers - present.keys()}
        self._worker_idle = {w: self._worker_idle.get(w, now) for w, busy in present.items() if not busy}

    def _claims(self) -> Claims:
        raw = cast(dict[bytes, bytes], self._redis.hgetall(self._keys.claims(self._run_id)))
        claims = {}
        for field, value in raw.items():
            stage, _, key = field.decode("utf-8", "replace").partition("/")
            attempt, _, worker = value.decode("utf-8", "replace").partition("/")
            try:
                claims[parse_work_key(key), Stage(stage)] = (int(attempt), worker)
            except ValueError:
                continue  # not written by a worker of ours; it claims nothing
        return claims

    def _present(self, workers: set[str]) -> dict[str, bool]:
        """Those of the workers that live, and whether each has any work."""
        names = sorted(workers)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hmget(self._keys.worker(name), "role", "busy")
        said = pipe.execute() if names else []
        return {name: busy != b"0" for name, (role, busy) in zip(names, said, strict=True) if role is not None}

    def _queued(self, queue: str, wanted: set[str]) -> set[str]:
        """Which of these Celery ids wait in a queue, or may: behind more entries than are worth reading."""
        found: set[str] = set()
        for start in range(0, QUEUE_LOOK, QUEUE_PIECE):
            entries = cast(list[bytes], self._redis.lrange(self._keys.queue(queue), start, start + QUEUE_PIECE - 1))
            found |= wanted.intersection(filter(None, map(_celery_id, entries)))
            if len(entries) < QUEUE_PIECE or found == wanted:
                return found
        return wanted


def _celery_id(entry: bytes) -> str | None:
    if len(entry) > MAX_RAW_BYTES:
        return None
    try:
        return str(json.loads(entry)["headers"]["id"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None  # a foreign message; the workers' guard deals with it
