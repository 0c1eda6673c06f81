"""Sending work: blobs first, then the messages that name them. Programs to execute go out in batches."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from farm.ids import sha256_hex
from farm.planning.score_inputs import ScoreInputs
from farm.queue.batches import Batches
from farm.queue.blobs import Blobs
from farm.queue.messages import (
    EXECUTE_TASK,
    GENERATE_TASK,
    SCORE_TASK,
    ExecuteBatch,
    ExecuteConfig,
    ExecuteJob,
    GenerateConfig,
    GenerateJob,
    Job,
    Publisher,
    ScoreJob,
    SignedMessage,
    TaskMessage,
)
from farm.queue.redis_keys import execute_queue, generate_queue, score_queue
from farm.queue.signing import Signer
from farm.records import SampleKey, WorkKey
from farm.records.phases import Stage

Load = Callable[[str], bytes]  # the stored value of a digest
TASKS = {Stage.GENERATE: GENERATE_TASK, Stage.EXECUTE: EXECUTE_TASK, Stage.SCORE: SCORE_TASK}


@dataclass(frozen=True, slots=True)
class OutgoingJob:
    """One job with the blobs that it names: digest -> how to load it. `alone`: it shares a message with no other."""

    job: Job
    blobs: dict[str, Callable[[], bytes]]
    alone: bool = False


class Dispatcher:
    """Sends the jobs of one run under one fence."""

    def __init__(
        self,
        publisher: Publisher,
        blobs: Blobs,
        *,
        run_id: str,
        fence: int,
        load: Load,
        generate: GenerateConfig | None,
        execute: ExecuteConfig,
        environment: str = "",
        signer: Signer,
    ) -> None:
        """`environment` is where lm-eval scores the run; empty if it does not."""
        self.batches = Batches()
        self._names: dict[str, tuple[int, str]] = {}  # place -> attempt, and the Celery id of its message
        self._blobs, self._publisher = blobs, publisher
        self._run_id = run_id
        self._fence = fence
        self._load = load
        self._signer = signer
        self._generate = None if generate is None else generate.to_json()
        self._execute = execute.to_json()
        self._environment = environment
        self._queues = {Stage.EXECUTE: execute_queue(execute.judge.runtime)}
        if generate is not None:
            self._queues[Stage.GENERATE] = generate_queue(generate.model.repo)
        if environment:
            self._queues[Stage.SCORE] = score_queue(environment)

    def queue_name(self, stage: Stage) -> str | None:
        """The queue of a stage; None if this run has no such stage."""
        return self._queues.get(stage)

    def generate(self, key: SampleKey, attempt: int, prompt: bytes) -> OutgoingJob:
        """A generate job; `prompt` is the JSON of a Prompt."""
        config = self._generate
        if config is None:
            raise ValueError(f"{key}: this run generates nothing")
        job = GenerateJob(
            run_id=self._run_id, problem_id=key.problem_id, index=key.index, attempt=attempt, fence=self._fence,
            config=sha256_hex(config), prompt=sha256_hex(prompt),
        )  # fmt: skip
        return OutgoingJob(job, {job.config: lambda: config, job.prompt: lambda: prompt})

    def execute(self, key: SampleKey, attempt: int, program: bytes, suite: str, *, alone: bool = False) -> OutgoingJob:
        """An execute job; `program` is the source, `suite` a digest. `alone`: it shares a message with no other."""
        job = ExecuteJob(
            run_id=self._run_id, problem_id=key.problem_id, index=key.index, attempt=attempt, fence=self._fence,
            config=sha256_hex(self._execute), program=sha256_hex(program), suite=suite,
        )  # fmt: skip
        return OutgoingJob(
            job,
            {job.config: lambda: self._execute, job.program: lambda: program, suite: lambda: self._load(suite)},
            alone,
        )

    def score(self, attempt: int, inputs: ScoreInputs) -> OutgoingJob:
        """The score job of the run."""
        job = ScoreJob(
            run_id=self._run_id, attempt=attempt, fence=self._fence, config=inputs.config_digest,
            answers=inputs.answers_digest, environment=self._environment,
        )  # fmt: skip
        return OutgoingJob(job, {job.config: lambda: inputs.config, job.answers: lambda: inputs.answers})

    def send(self, parcels: Iterable[OutgoingJob], *, waiting: int = 0) -> None:
        """Put the blobs that Redis lacks, then the messages. Raises RedisError.

        `waiting`: how many programs of the run have no verdict yet; what is sent now may or may not be in it.
        """
        parcels = list(parcels)
        if not parcels:
            return
        values = {digest: load for parcel in parcels for digest, load in parcel.blobs.items()}
        missing = self._blobs.missing(self._run_id, values)
        self._blobs.put(self._run_id, ((digest, values[digest]()) for digest in missing))
        self._blobs.note_outstanding(self._run_id, {p.job.place: p.job.attempt for p in parcels})
        for stage, name in self._queues.items():
            messages = list(self._messages([p for p in parcels if p.job.stage is stage], waiting))
            if messages:
                self._publisher.send(name, messages)

    def message_id(self, place: str, attempt: int) -> str | None:
        """The Celery id of the message in which this coordinator sent an attempt; None if it did not."""
        known, name = self._names.get(place, (0, ""))
        return name if known == attempt else None

    def keep_names(self, places: Container[str]) -> None:
        """Forget the messages of all other work."""
        self._names = {place: name for place, name in self._names.items() if place in places}

    def _messages(self, parcels: list[OutgoingJob], waiting: int) -> Iterator[TaskMessage]:
        programs = [parcel.job for parcel in parcels if isinstance(parcel.job, ExecuteJob)]
        alone = {parcel.job.key for parcel in parcels if parcel.alone and isinstance(parcel.job, ExecuteJob)}
        for jobs in self.batches.cut(programs, alone, max(waiting, len(programs))):
            yield self._message(ExecuteBatch.of(jobs), jobs)
        for parcel in parcels:
            if not isinstance(parcel.job, ExecuteJob):
                yield self._message(parcel.job, [parcel.job])

    def _message(self, message: SignedMessage, jobs: Sequence[Job]) -> TaskMessage:
        first, more = jobs[0], len(jobs) - 1
        name = task_id(self._run_id, first.key, first.stage, first.attempt) + (f"+{more}" if more else "")
        self._names.update((job.place, (job.attempt, name)) for job in jobs)
        others = f", 'and': '{more} more'" if more else ""
        return TaskMessage(
            TASKS[message.stage],
            name,
            self._signer.signed(message).model_dump(mode="json"),
            f"{{'run': '{self._run_id}', 'sample': '{first.key}', 'attempt': {first.attempt}{others}}}",
        )


def task_id(run_id: str, key: WorkKey, stage: Stage, attempt: int) -> str:
    """The Celery id of the message of an attempt; what Flower shows and what a queue is searched for."""
    return f"{run_id}:{key}:{stage.value}:{attempt}"
