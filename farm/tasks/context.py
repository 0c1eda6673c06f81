"""What a task needs in the process that runs it: connections, the sandbox of its slot, the client.

A pool process makes its own after it was forked (sockets and zygotes are never shared across a
fork); threads of one process share the connections, which are thread-safe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import redis
from redis.commands.core import Script

from farm.config import Settings
from farm.errors import FarmError, MessageRejected, SandboxLost, VersionSkew
from farm.ids import canonical_json, sha256_hex
from farm.logs import bind
from farm.queue.answer_stream import AnswerStream
from farm.queue.blobs import Blobs
from farm.queue.broker import client
from farm.queue.messages import Failure, J, Job, SampleJob, parse
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import RUN_TTL_S, Keys
from farm.queue.signing import Signer
from farm.queue.until_answered import until_answered
from farm.text import one_line

log = logging.getLogger(__name__)
MAX_STARTS = 3  # of one attempt. Redis counts no deliveries, and a program may kill its worker each time
# KEYS claims, starts; ARGV fence, stage/key, attempt, worker, TTL, state, out, blob. The number of this start and
# what the blob holds; 0: not wanted. The last three are keys that workers may only read, and Redis takes each of
# KEYS for one to be written.
CLAIM = """
if redis.call('GET', ARGV[6]) ~= ARGV[1] or redis.call('HGET', ARGV[7], ARGV[2]) ~= ARGV[3] then return {0} end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. '/' .. ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
local attempt, starts = string.match(redis.call('HGET', KEYS[2], ARGV[2]) or '', '^(%d+)/(%d+)$')
starts = (attempt == ARGV[3] and tonumber(starts) or 0) + 1
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. '/' .. starts)
redis.call('EXPIRE', KEYS[2], ARGV[5])
return {starts, ARGV[8] ~= '' and redis.call('GET', ARGV[8])}
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
        connection = client(settings, retries=8)
        keys = Keys(settings.key_prefix)
        return cls(
            worker,
            connection,
            keys,
            Blobs(connection, keys, signer),
            AnswerStream(connection, keys, signer),
            Quarantine(connection, keys),
            connection.register_script(CLAIM),
            connection.register_script(DROP),
        )

    def take(self, kind: type[J], message: object, fetch: Callable[[J], str] | None = None) -> J | None:
        """The job in a message, claimed for this worker; None if there is nothing to do.

        `fetch` names a blob that is brought along, which saves a round trip: `blobs.get` has it then.

        Who signed it was checked by the guard, before Celery saw it.
        A message that is no job goes to quarantine. A stale job is dropped: its run
        has ended or is paused, or the coordinator that sent it was replaced by one that sends its own.
        """
        bind()
        try:
            job = parse(kind, message)
        except (MessageRejected, VersionSkew) as exc:
            self.quarantine.refuse(exc.message, worker=self.worker)
            return None
        bind(
            run=job.run_id, sample=str(job.key), attempt=job.attempt, stage=job.stage.value, request=request_id(job),
            **({"problem": job.problem_id} if isinstance(job, SampleJob) else {}),
        )  # fmt: skip
        digest = None if fetch is None else fetch(job)
        starts, stored = self._claim(job, digest)
        if digest is not None and stored is not None:
            self.blobs.keep(job.run_id, digest, stored)
        if starts > MAX_STARTS:
            self.fail(job, SandboxLost(f"poison: begun {MAX_STARTS} times, and each time its worker was lost"))
            return None
        if starts:
            log.info("begun")
            return job
        self.quarantine.stale()
        return None

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

    def _claim(self, job: Job, digest: str | None) -> tuple[int, bytes | None]:
        """How often this attempt was begun, now included, and a blob as stored; 0 if the job is stale.

        One script, so that a stale message can neither start work nor touch the claim of another.
        """
        keys, run_id = self.keys, job.run_id
        names = (keys.claims(run_id), keys.starts(run_id))
        blob = "" if digest is None else keys.blob(run_id, digest)
        state, outstanding = keys.state(run_id), keys.outstanding(run_id)
        words = (job.fence, job.place, job.attempt, self.worker, RUN_TTL_S, state, outstanding, blob)
        claimed = until_answered(lambda: self.claim_script(keys=names, args=words), f"run {job.run_id}, a claim")
        return int(claimed[0]), claimed[1] if len(claimed) > 1 else None


def request_id(job: Job) -> str:
    """Names one attempt in logs, the model server's included: the same wherever it is made."""
    return sha256_hex(canonical_json([job.run_id, str(job.key), job.stage.value, job.attempt]))[:16]
