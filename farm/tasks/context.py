"""What a task needs in the process that runs it: connections, the sandbox of its slot, the client.

A pool process makes its own after it was forked (sockets and zygotes are never shared across a
fork); threads of one process share the connections, which are thread-safe.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import redis
from redis.commands.core import Script

from farm.config import Settings
from farm.errors import FarmError, MessageRejected, SandboxLost, VersionSkew
from farm.ids import canonical_json, sha256_hex
from farm.logs import bind
from farm.queue.answer_stream import AnswerStream
from farm.queue.blobs import Blobs
from farm.queue.broker import client
from farm.queue.messages import (
    ExecuteBatch,
    ExecuteJob,
    Failure,
    J,
    Job,
    M,
    Returned,
    ReturnedJob,
    SampleJob,
    parse,
)
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import RUN_TTL_S, Keys
from farm.queue.signing import Signer
from farm.queue.until_answered import until_answered
from farm.records.phases import Stage
from farm.text import one_line

log = logging.getLogger(__name__)
MAX_STARTS = 3  # of one attempt. Redis counts no deliveries, and a program may kill its worker each time
# KEYS claims, starts; ARGV fence, worker, TTL, state, out, call; for each job stage/key, attempt, blob (or nothing).
# For each job the number of this start (0: not wanted); then what the blobs of those that are wanted hold. State, out
# and blobs are keys that workers may only read, and Redis takes each of KEYS for one to be written. `call` names this
# start: after a late reply redis-py sends the script again, and a start that is counted twice would soon look like a
# program that kills its workers.
CLAIM = """
if redis.call('GET', ARGV[4]) ~= ARGV[1] then return {} end
local places = {}
for i = 7, #ARGV, 3 do places[#places + 1] = ARGV[i] end
local wanted = redis.call('HMGET', ARGV[5], unpack(places))
local begun = redis.call('HMGET', KEYS[2], unpack(places))
local claims, starts, blobs, numbers = {}, {}, {}, {}
for i, place in ipairs(places) do
  local attempt, blob = ARGV[3 * i + 5], ARGV[3 * i + 6]
  numbers[i] = 0
  if wanted[i] == attempt then
    local before, number, call = string.match(begun[i] or '', '^(%d+)/(%d+)/(%x+)$')
    numbers[i] = before == attempt and tonumber(number) or 0
    if numbers[i] == 0 or call ~= ARGV[6] then numbers[i] = numbers[i] + 1 end
    claims[#claims + 1] = place
    claims[#claims + 1] = attempt .. '/' .. ARGV[2]
    starts[#starts + 1] = place
    starts[#starts + 1] = attempt .. '/' .. numbers[i] .. '/' .. ARGV[6]
    if blob ~= '' then blobs[#blobs + 1] = blob end
  end
end
if #claims == 0 then return {} end
redis.call('HSET', KEYS[1], unpack(claims))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[2], unpack(starts))
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {numbers, #blobs > 0 and redis.call('MGET', unpack(blobs)) or {}}
"""

# KEYS claims; ARGV stage/key, attempt/worker
DROP = "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end"


@dataclass(frozen=True, slots=True)
class TaskContext:
    """Connections of one process."""

    worker: str
    connection: redis.Redis
    keys: Keys
    blobs: Blobs
    answers: AnswerStream
    quarantine: Quarantine
    claim_script: Script
    drop_script: Script

    @classmethod
    def make(cls, settings: Settings, worker: str, signer: Signer) -> TaskContext:
        """Connections of a worker process; opened lazily by redis-py."""
        connection = client(settings, retries=8, bounded=True)
        keys = Keys(settings.key_prefix)
        return cls(
            worker,
            connection,
            keys,
            Blobs(connection, keys, signer),
            AnswerStream(connection, keys, signer),
            Quarantine(client(settings, retries=0, bounded=True), keys),
            connection.register_script(CLAIM),
            connection.register_script(DROP),
        )

    def take(self, kind: type[J], message: object) -> J | None:
        """The job in a message, claimed for this worker; None if there is nothing to do.

        Who signed it was checked by the guard, before Celery saw it.
        A message that is no job goes to quarantine. A stale job is dropped: its run
        has ended or is paused, or the coordinator that sent it was replaced by one that sends its own.
        """
        job = self._parsed(kind, message)
        if job is None:
            return None
        [starts] = self._claim([job], [""])
        if not self._may_begin(job, starts):
            return None
        begin(job)
        return job

    def take_batch(self, message: object) -> list[ExecuteJob]:
        """The jobs of a batch that are to be executed now, claimed for this worker; as `take`.

        Their programs are brought along, which saves round trips: `blobs.get` has them then. A job that was begun
        before, by a worker that was then lost, goes back to be sent by itself: it may have been the cause.
        """
        batch = self._parsed(ExecuteBatch, message)
        if batch is None:
            return []
        jobs = batch.jobs()
        starts = self._claim(jobs, [job.program for job in jobs])
        suspects = [job for job, number in zip(jobs, starts, strict=True) if number > 1 and len(jobs) > 1]
        if suspects:
            self.give_back(suspects, alone=True)
        return [
            job
            for job, number in zip(jobs, starts, strict=True)
            if not (number > 1 and len(jobs) > 1) and self._may_begin(job, number)
        ]

    def _parsed(self, kind: type[M], message: object) -> M | None:
        bind()
        try:
            return parse(kind, message)
        except (MessageRejected, VersionSkew) as exc:
            self.quarantine.refuse(exc.message, worker=self.worker)
            return None

    def _may_begin(self, job: Job, starts: int) -> bool:
        if starts == 0:
            self.quarantine.stale()
        elif starts > MAX_STARTS:
            self.fail(job, SandboxLost(f"poison: begun {MAX_STARTS} times, and each time its worker was lost"))
        return 0 < starts <= MAX_STARTS

    def give_back(self, jobs: Sequence[ExecuteJob], *, alone: bool = False) -> None:
        """Give claimed jobs of one batch back, to be sent again; see `Returned`."""
        given = [ReturnedJob(problem_id=job.problem_id, index=job.index, attempt=job.attempt) for job in jobs]
        returned = Returned(stage=Stage.EXECUTE, jobs=tuple(given), alone=alone)
        self.answers.returned(jobs[0].run_id, jobs[0].fence, returned)

    def claimed(self, jobs: Sequence[ExecuteJob]) -> list[ExecuteJob]:
        """Those of these jobs of one run that this worker has claimed and not answered."""
        name, places = self.keys.claims(jobs[0].run_id), [job.place for job in jobs]
        held = until_answered(
            lambda: cast(list[bytes | None], self.connection.hmget(name, places)), f"run {jobs[0].run_id}, claims"
        )
        return [job for job, claim in zip(jobs, held, strict=True) if claim == f"{job.attempt}/{self.worker}".encode()]

    def wanted(self, job: Job) -> bool:
        """Whether the coordinator that sent this job still wants work of its run."""
        return self.connection.get(self.keys.state(job.run_id)) == str(job.fence).encode()

    def drop(self, job: Job) -> None:
        """Give a claimed job up without an answer: it is stale, or another worker shall have it."""
        names, words = [self.keys.claims(job.run_id)], [job.place, f"{job.attempt}/{self.worker}"]
        until_answered(lambda: self.drop_script(keys=names, args=words), f"run {job.run_id}, a claim")

    def fail(self, job: Job, exc: FarmError | MemoryError, *, final: bool = False, pause: bool = False) -> None:
        """Answer that this attempt came to nothing; see `Failure` for `final` and `pause`."""
        kind, reason = type(exc).__name__, one_line(str(exc), 500)
        log.warning("run %s, sample %s, attempt %d: %s: %s", job.run_id, job.key, job.attempt, kind, reason)
        failure = Failure.of(job, kind, reason, self.worker, final=final, pause=pause)
        self.answers.failure(job.run_id, job.fence, failure)

    def _claim(self, jobs: Sequence[Job], digests: Sequence[str]) -> list[int]:
        """How often each attempt was begun, now included; 0 if the job is stale. The blobs of `digests` are kept.

        One script, so that a stale message can neither start work nor touch the claim of another.
        """
        keys, run_id = self.keys, jobs[0].run_id
        names = (keys.claims(run_id), keys.starts(run_id))
        words: list[str | int] = [
            jobs[0].fence, self.worker, RUN_TTL_S, keys.state(run_id), keys.outstanding(run_id),
            secrets.token_hex(8),
        ]  # fmt: skip
        for job, digest in zip(jobs, digests, strict=True):
            words += job.place, job.attempt, keys.blob(run_id, digest) if digest else ""
        claimed = until_answered(lambda: self.claim_script(keys=names, args=words), f"run {run_id}, a claim")
        if not claimed:
            return [0] * len(jobs)
        numbers, stored = list(map(int, claimed[0])), iter(claimed[1])
        for number, digest in zip(numbers, digests, strict=True):
            blob = next(stored) if number and digest else None
            if blob is not None:
                self.blobs.keep(run_id, digest, blob)
        return numbers


def begin(job: Job) -> None:
    """From here on this thread's log lines are about this job."""
    bind(
        run=job.run_id, sample=str(job.key), attempt=job.attempt, stage=job.stage.value, request=request_id(job),
        **({"problem": job.problem_id} if isinstance(job, SampleJob) else {}),
    )  # fmt: skip
    log.info("begun")


def request_id(job: Job) -> str:
    """Names one attempt in logs, the model server's included: the same wherever it is made."""
    return sha256_hex(canonical_json([job.run_id, str(job.key), job.stage.value, job.attempt]))[:16]
