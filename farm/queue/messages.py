"""The messages between coordinator and workers.

A job names everything by id and digest (claim check), so a message stays under 64 KiB whatever a
problem or a completion weighs. Programs are executed in batches: one message names up to MAX_BATCH of them, because a
message costs more than a quick program does. An answer is an entry of the run's stream; its texts are bytes in
separate fields, because JSON cannot carry every text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from farm.errors import MessageRejected, VersionSkew
from farm.ids import canonical_json
from farm.records import (
    ALL_SAMPLES,
    Completion,
    Count,
    Digest,
    DriveOptions,
    GenerateTelemetry,
    JudgeSpec,
    Limits,
    Record,
    RunId,
    SampleKey,
    SampleResult,
    Sampling,
    ServedModel,
    WorkKey,
)
from farm.records.phases import Stage

WIRE_VERSION = 2
NO_MAC = "0" * 64
MAX_MESSAGE_BYTES = 64 << 10
MAX_BATCH = 32  # programs in one message, which then has at most a fourth of MAX_MESSAGE_BYTES

GENERATE_TASK = "farm.generate"
EXECUTE_TASK = "farm.execute"
SCORE_TASK = "farm.score"

ProblemId = Annotated[str, Field(min_length=1, max_length=200)]


class SignedMessage(Record):
    """The fields that every message in a queue has."""

    stage: ClassVar[Stage]
    schema_version: Literal[2] = 2
    run_id: RunId
    fence: Count  # of the coordinator that sent it
    config: Digest  # blob: what all jobs of this stage share
    mac: Digest = NO_MAC  # the signature over all other fields: farm.queue.signing


class Job(SignedMessage):
    """One attempt. A job that is not for one sample is for its whole run."""

    attempt: Annotated[int, Field(ge=1)]

    @property
    def key(self) -> WorkKey:
        return ALL_SAMPLES

    @property
    def place(self) -> str:
        """`stage/key`: the field of this work in the hashes of its run (farm.queue.redis_keys)."""
        return f"{self.stage}/{self.key}"


class SampleJob(Job):
    """Work on one sample."""

    problem_id: ProblemId
    index: Count

    @property
    def key(self) -> SampleKey:
        return SampleKey(self.problem_id, self.index)


class GenerateJob(SampleJob):
    """Ask the model server for one completion. `config` is a GenerateConfig."""

    stage: ClassVar[Stage] = Stage.GENERATE
    prompt: Digest  # blob: Prompt


class ExecuteJob(SampleJob):
    """Judge one program on one suite. `config` is an ExecuteConfig."""

    stage: ClassVar[Stage] = Stage.EXECUTE
    program: Digest  # blob: source text
    suite: Digest  # blob: Suite


class BatchedProgram(Record):
    """What an ExecuteJob of a batch has besides the fields of the batch."""

    problem_id: ProblemId
    index: Count
    attempt: Annotated[int, Field(ge=1)]
    program: Digest
    suite: Digest


class ExecuteBatch(SignedMessage):
    """Judge these programs, one after the other. `config` is an ExecuteConfig."""

    stage: ClassVar[Stage] = Stage.EXECUTE
    programs: Annotated[tuple[BatchedProgram, ...], Field(min_length=1, max_length=MAX_BATCH)]

    @classmethod
    def of(cls, jobs: Sequence[ExecuteJob]) -> ExecuteBatch:
        """Jobs of one run and one coordinator as one message."""
        first = jobs[0]
        programs = tuple(
            BatchedProgram(
                problem_id=job.problem_id, index=job.index, attempt=job.attempt, program=job.program, suite=job.suite
            )
            for job in jobs
        )
        return cls(run_id=first.run_id, fence=first.fence, config=first.config, programs=programs)

    def jobs(self) -> list[ExecuteJob]:
        """The jobs in the message, in order. They are as trusted as the message, and have no signature themselves."""
        return [
            ExecuteJob(
                run_id=self.run_id, fence=self.fence, config=self.config, problem_id=one.problem_id, index=one.index,
                attempt=one.attempt, program=one.program, suite=one.suite,
            )
            for one in self.programs
        ]  # fmt: skip


class ScoreJob(Job):
    """Score all answers to a task of lm-eval, by that task's own rules. `config` is JSON: plan, model, settings."""

    stage: ClassVar[Stage] = Stage.SCORE
    environment: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{0,30}$")]
    answers: Digest  # blob: JSON, a list of texts per request of the plan


class ScoreAnswer(Record):
    """The answer to a ScoreJob; the field `text` of the entry holds lm-eval's files as JSON."""

    config: Digest  # those of the job: what was scored
    answers: Digest
    text_bytes: Count  # unpacked; signed with the record, so that a reader can bound the memory
    text_sha256: Digest
    worker: str = ""


class GenerateConfig(Record):
    """The settings that all generate jobs of a run share."""

    model: ServedModel
    sampling: Sampling
    drive: DriveOptions  # with the servers: each request goes to one that has room


class ExecuteConfig(Record):
    """The settings that all execute jobs of a run share."""

    judge: JudgeSpec
    limits: Limits


class Failure(Record):
    """An attempt that failed through a fault of farm or of a server."""

    stage: Stage
    problem_id: str | None  # None: of all samples
    index: Count = 0
    attempt: Annotated[int, Field(ge=1)]
    kind: str  # of the error: the name of its class, or what befell the task
    reason: str  # printable, one line
    final: bool = False  # another attempt cannot help this sample
    pause: bool = False  # no sample can succeed until the user acts (a rejected key, an unknown model)
    worker: str = ""

    @property
    def key(self) -> WorkKey:
        return ALL_SAMPLES if self.problem_id is None else SampleKey(self.problem_id, self.index)

    @classmethod
    def of(cls, job: Job, kind: str, reason: str, worker: str, *, final: bool = False, pause: bool = False) -> Failure:
        """The failure of the attempt that a job asks for."""
        problem_id, index = (job.problem_id, job.index) if isinstance(job, SampleJob) else (None, 0)
        return cls(
            stage=job.stage,
            problem_id=problem_id,
            index=index,
            attempt=job.attempt,
            kind=kind,
            reason=reason,
            final=final,
            pause=pause,
            worker=worker,
        )


class Results(Record):
    """The answer to programs of one batch that were judged."""

    results: Annotated[tuple[SampleResult, ...], Field(min_length=1)]


class ReturnedJob(Record):
    """One attempt in a `Returned`."""

    problem_id: ProblemId
    index: Count
    attempt: Annotated[int, Field(ge=1)]

    @property
    def key(self) -> SampleKey:
        return SampleKey(self.problem_id, self.index)


class Returned(Record):
    """Jobs of a batch that their worker did not begin, for other workers. This uses up no attempt.

    `alone`: the worker of an earlier delivery was lost while it had this batch, so that each has to be sent by itself.
    """

    stage: Stage
    jobs: Annotated[tuple[ReturnedJob, ...], Field(min_length=1)]
    alone: bool = False


class CompletionAnswer(Record):
    """A completion; its text and reasoning are the fields `text` and `reasoning` of the entry."""

    completion: Completion
    telemetry: GenerateTelemetry


R = TypeVar("R", bound=Record)
J = TypeVar("J", bound=Job)
M = TypeVar("M", bound=SignedMessage)


def parse(kind: type[R], data: object) -> R:
    """A record, strictly validated, from the JSON bytes or the decoded JSON of a message.

    Raises VersionSkew for a schema of another farm version, MessageRejected for all other faults.
    """
    try:
        raw = data if isinstance(data, bytes) else canonical_json(data)
    except (TypeError, ValueError, RecursionError) as exc:
        raise MessageRejected(f"a {kind.__name__} that is no JSON") from exc
    if isinstance(data, dict) and isinstance(data.get("schema_version"), int):
        version = data["schema_version"]
        if version != WIRE_VERSION:
            raise VersionSkew(
                f"a {kind.__name__} of schema {version}, this worker knows {WIRE_VERSION}",
                remedy="run the same farm version everywhere",
            )
    try:
        return kind.model_validate_json(raw)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MessageRejected(f"a {kind.__name__} with a bad field {place or '(all)'}: {first['msg']}") from exc


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """A task to publish: name, Celery task id, its only argument, and the text that Flower shows as arguments."""

    task: str
    task_id: str
    job: dict[str, Any]
    shown: str


class Publisher(Protocol):
    """Publishes tasks to queues."""

    def send(self, queue: str, messages: Sequence[TaskMessage], /) -> None:
        """Append to a queue, in order. Raises RedisError."""

    def close(self) -> None:
        """Close the connections that the publisher opened itself."""
