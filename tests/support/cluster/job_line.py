"""One worker on a real Redis, with the coordinator's own sender and reader in place of a whole run.

A test sends jobs, waits for their answers, and looks at the worker: it must be the same process after.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from celery import Celery

from farm.config import Settings, load
from farm.coordinator.sending import Dispatcher, OutgoingJob
from farm.ids import sha256_hex
from farm.queue.answer_stream import AnswerStream, ScoreArrived
from farm.queue.blobs import Blobs
from farm.queue.celery_app import make_app
from farm.queue.messages import (
    ExecuteBatch,
    ExecuteConfig,
    ExecuteJob,
    Failure,
    GenerateConfig,
    Publisher,
    Results,
    Returned,
)
from farm.queue.publisher import publisher_for
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer, signer
from farm.records import (
    JudgeSpec,
    Limits,
    Message,
    Prompt,
    SampleKey,
    SampleResult,
    StoredCompletion,
    Suite,
    TestCase,
    WorkKey,
)
from tests.support.farm_process import FarmProcess, environment
from tests.support.redis_server import RedisServer
from tests.support.wait import wait_until

OneAnswer = StoredCompletion | SampleResult | Failure
RUN = "run-1"
SECRET = "the shared secret of this test"
ECHO = b"print(input())"
SUITE = Suite(func_name=None, tests=(TestCase(input="7\n", output="7\n"),)).to_json()


@dataclass
class JobLine:
    """A run's side of Redis, without a ledger behind it."""

    redis: RedisServer
    home: Path
    settings: Settings
    app: Celery
    limits: Limits = field(default_factory=Limits)
    generate: GenerateConfig | None = None
    workers: list[FarmProcess] = field(default_factory=list)
    sent: int = 0

    @classmethod
    def open(cls, redis: RedisServer, home: Path, **env: str) -> JobLine:
        """`env` are settings besides the broker and the secret, or other ones of these."""
        settings = load({"HOME": "/nonexistent", "FARM_BROKER_URL": redis.url, "FARM_SECRET": SECRET, **env})
        return cls(redis, home, settings, make_app(settings, "coordinator"))

    def worker(self, role: str = "execute", *options: str, **env: str) -> FarmProcess:
        """A worker that has joined."""
        name = f"w{len(self.workers)}"
        unconfined = ("--sandbox", "none") if role == "execute" else ()
        secret = self.signer.secret.decode()
        url = self.settings.broker_url or ""
        variables = {"FARM_BROKER_URL": url, "FARM_ALLOW_UNSANDBOXED": "1", "FARM_SECRET": secret, **env}
        process = FarmProcess(
            "worker", role, "--name", name, *unconfined, *(options or ("--slots", "1")),
            env=environment(self.home, **variables), log=self.home / f"{name}.log",
        )  # fmt: skip
        self.workers.append(process)

        def joined() -> bool:
            assert process.running, f"the worker ended:\n{process.stderr[-3000:]}"
            return any(f"worker:{name}@".encode() in key for key in self.redis.client().scan_iter())

        wait_until(joined, f"worker {name} joins", timeout_s=90)
        return process

    @property
    def signer(self) -> Signer:
        return signer(self.settings)

    @property
    def keys(self) -> Keys:
        return Keys(self.settings.key_prefix)

    @property
    def publisher(self) -> Publisher:
        return publisher_for(self.settings)

    @property
    def quarantine(self) -> Quarantine:
        return Quarantine(self.redis.client(), self.keys)

    def notes(self) -> list[str]:
        """What is in quarantine, newest first."""
        found = cast(list[bytes], self.redis.client().lrange(self.keys.quarantine, 0, -1))
        return [note.decode() for note in found]

    def stale(self) -> int:
        """Jobs that were dropped as stale."""
        return int(cast(bytes | None, self.redis.client().hget(self.keys.quarantine_counts, "stale")) or 0)

    def dispatcher(self, run_id: str = RUN, fence: int = 1) -> Dispatcher:
        blobs = Blobs(self.redis.client(), self.keys, self.signer)
        execute = ExecuteConfig(judge=JudgeSpec(), limits=self.limits)
        return Dispatcher(
            self.publisher,
            blobs,
            run_id=run_id,
            fence=fence,
            load=lambda _: SUITE,
            generate=self.generate,
            execute=execute,
            signer=self.signer,
        )

    def parcel(self, program: bytes = ECHO, index: int | None = None) -> OutgoingJob:
        """The next sample of the run."""
        if index is None:
            self.sent += 1
            index = self.sent
        return self.dispatcher().execute(SampleKey("p", index), 1, program, sha256_hex(SUITE))

    def question(self, text: str = "what?") -> OutgoingJob:
        """The next sample of the run, to be generated."""
        self.sent += 1
        prompt = Prompt(messages=(Message(role="user", content=text),))
        return self.dispatcher().generate(SampleKey("p", self.sent), 1, prompt.to_json())

    def send(self, *parcels: OutgoingJob) -> None:
        """As a coordinator does, whose run is wanted."""
        self.redis.client().set(self.keys.state(RUN), "1", ex=600)
        self.dispatcher().send(parcels)

    def send_batch(self, *parcels: OutgoingJob) -> None:
        """Send programs that one message holds, as for one busy slot."""
        self.redis.client().set(self.keys.state(RUN), "1", ex=600)
        dispatcher = self.dispatcher()
        dispatcher.batches.slots = 1
        dispatcher.batches.learn("p", 0.001)
        dispatcher.send(parcels, waiting=1000)

    def given_back(self) -> list[Returned]:
        """What workers gave back of batches."""
        stream = AnswerStream(self.redis.client(), self.keys, self.signer)
        found = [stream.open(RUN, fields) for _, fields in stream.read(RUN, b"0", block_ms=1, count=10_000)]
        return [answer for answer in found if isinstance(answer, Returned)]

    def answers(self) -> dict[WorkKey, list[OneAnswer]]:
        """What workers answered, by sample."""
        found: dict[WorkKey, list[OneAnswer]] = {}
        stream = AnswerStream(self.redis.client(), self.keys, self.signer)
        for _, fields in stream.read(RUN, b"0", block_ms=1, count=10_000):
            answer = stream.open(RUN, fields)
            assert not isinstance(answer, ScoreArrived)
            if isinstance(answer, Returned):
                continue
            for one in answer.results if isinstance(answer, Results) else [answer]:
                key = one.completion.key if isinstance(one, StoredCompletion) else one.key
                found.setdefault(key, []).append(one)
        return found

    def answered(self, parcel: OutgoingJob, timeout_s: float = 60.0) -> OneAnswer:
        """Wait for the only answer to a job."""
        key = parcel.job.key
        [answer] = wait_until(lambda: self.answers().get(key, []), f"{key} is answered", timeout_s=timeout_s)
        return answer

    def judged(self, parcel: OutgoingJob, timeout_s: float = 60.0) -> SampleResult:
        """Wait for the verdict on a job."""
        answer = self.answered(parcel, timeout_s)
        assert isinstance(answer, SampleResult), answer
        return answer

    def entry(self, parcel: OutgoingJob | None = None) -> dict[str, Any]:
        """The queue's entry of a job, as Celery writes it: sent under another prefix and taken from there."""
        job = (parcel or self.parcel()).job
        message = ExecuteBatch.of([job]) if isinstance(job, ExecuteJob) else job
        aside = make_app(self.settings.model_copy(update={"key_prefix": "aside:"}), "coordinator")
        try:
            aside.send_task(
                "farm.execute", kwargs={"job": self.signer.signed(message).model_dump(mode="json")}, queue="execute",
                ignore_result=True, exchange="", routing_key="execute",
            )  # fmt: skip
        finally:
            aside.close()
        raw = cast(bytes, self.redis.client().lpop("aside:execute"))
        return cast(dict[str, Any], json.loads(raw))

    def push(self, *raw: bytes) -> None:
        """Put entries into the queue of execute jobs, as any Redis client could."""
        for at in range(0, len(raw), 10_000):
            self.redis.client().lpush(self.keys.queue("execute"), *raw[at : at + 10_000])

    def close(self) -> None:
        for worker in self.workers:
            worker.stop()
        self.app.close()


@contextmanager
def job_line(redis: RedisServer, home: Path, **env: str) -> Iterator[JobLine]:
    """A line without workers; those that a test adds are stopped at the end."""
    home.mkdir(exist_ok=True)
    line = JobLine.open(redis, home, **env)
    try:
        yield line
    finally:
        line.close()
