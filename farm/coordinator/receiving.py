"""Answers from the stream into the ledger: refused, recorded or counted, in that order.

An answer is believed only if it fits the plan: a sample that was planned, the suite, judge and limits
of this run, the program that the recorded completion holds. What does not fit is quarantined by count.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from farm.coordinator import events
from farm.coordinator.events import AttemptFailed, Completed, Event, Judged, Pause, Scored, Vanished
from farm.coordinator.traffic import FirstRequests, Traffic
from farm.errors import FarmError, MessageRejected, SandboxBroken, VersionSkew
from farm.ids import sample_seed
from farm.ledger.executions import RuntimeIdentity, runtime_of
from farm.ledger.journal import Journal, Recorded
from farm.ledger.ledger import PlannedProblem
from farm.planning.score_inputs import ScoreInputs
from farm.queue.answer_stream import AnswerStream, ScoreArrived
from farm.queue.messages import Failure, Results, Returned, ScoreAnswer
from farm.records import (
    ALL_SAMPLES,
    AllSamples,
    RunSpec,
    SampleKey,
    SampleResult,
    StoredCompletion,
    WorkKey,
)
from farm.records.phases import Stage
from farm.text import one_line

log = logging.getLogger(__name__)
Checked = StoredCompletion | SampleResult | ScoreArrived | Returned | Failure
READ_COUNT = 256
BYTES_PER_TOKEN = 4  # about, where a server does not count


@dataclass(slots=True)
class Batch:
    """What one read brought: events in order, new verdicts, and counts for the telemetry."""

    entries: int = 0
    removed: bool = True  # from the stream; if not, they come again and are duplicates
    events: list[Event] = field(default_factory=list)
    verdicts: list[tuple[SampleKey, str]] = field(default_factory=list)
    runtimes: set[RuntimeIdentity] = field(default_factory=set)  # who gave the new verdicts
    texts: list[StoredCompletion] = field(default_factory=list)  # the new completions
    lengths: list[tuple[str, int]] = field(default_factory=list)  # of new completions: problem, tokens
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[SampleKey] = field(default_factory=list)  # a second completion came for these, a different one
    durations: list[tuple[str, float]] = field(default_factory=list)  # of new verdicts: problem, seconds in the sandbox
    alone: list[SampleKey] = field(default_factory=list)  # to be sent in no batch any more


class AnswerReceiver:
    """The reader of one run's answers."""

    def __init__(
        self,
        journal: Journal,
        answers: AnswerStream,
        spec: RunSpec,
        problems: Mapping[str, PlannedProblem],
        planned: Container[SampleKey],
        program: Callable[[SampleKey], str | None],
        score_inputs: Callable[[], ScoreInputs | None],
    ) -> None:
        """`program` gives the digest of a sample's program, None if no completion holds one.

        `score_inputs` gives what lm-eval is to score, None while completions are missing.
        """
        self._planned = planned
        self._journal, self._answers, self._spec, self._problems = journal, answers, spec, problems
        self._program, self._score_inputs = program, score_inputs
        self.traffic = Traffic()
        self.first_requests = FirstRequests()

    def read(self, *, block_ms: int) -> Batch:
        """Record up to READ_COUNT answers and remove them from the stream; `block_ms` 0 does not wait."""
        batch = Batch()
        # Always from the beginning: what is still there is what no ledger holds.
        entries = self._answers.read(self._journal.run_id, b"0", block_ms=block_ms or 1, count=READ_COUNT)
        batch.entries = len(entries)
        completions: list[StoredCompletion] = []
        results: list[SampleResult] = []
        scores: list[ScoreArrived] = []
        failures: list[tuple[Failure, bool]] = []  # with whether its job was this coordinator's
        returned: list[Returned] = []
        for _, fields in entries:
            for answer in self._opened(fields, batch):
                match answer:
                    case StoredCompletion():
                        completions.append(answer)
                    case SampleResult():
                        results.append(answer)
                    case ScoreArrived():
                        scores.append(answer)
                    case Returned():
                        returned.append(answer)
                    case Failure():
                        failures.append((answer, fields.get(b"fence") == str(self._journal.fence).encode()))
        became = self._journal.record(completions, results)
        self._completions(completions, became[0], batch)
        self._results(results, became[1], batch)
        for score in scores:
            self._score(score, batch)
        for failure, ours in failures:
            self._failure(failure, ours, batch)
        for given_back in returned:
            batch.events += [events.Returned(job.key, given_back.stage, job.attempt) for job in given_back.jobs]
            batch.alone += [job.key for job in given_back.jobs if given_back.alone]
        try:
            done: list[tuple[Stage, WorkKey]] = [(Stage.GENERATE, stored.key) for stored in completions]
            done += [(Stage.EXECUTE, result.key) for result in results]
            done += [(Stage.SCORE, ALL_SAMPLES) for _ in scores]
            done += [(failure.stage, failure.key) for failure, _ in failures]
            done += [(given_back.stage, job.key) for given_back in returned for job in given_back.jobs]
            self._answers.remove(self._journal.run_id, [entry_id for entry_id, _ in entries], done)
        except RedisError as exc:
            batch.removed = False
            log.warning("recorded answers stay in the stream for now: %s", exc)  # read again, they are duplicates
        return batch

    def _opened(self, fields: dict[bytes, bytes], batch: Batch) -> Iterator[Checked]:
        """What an entry holds, as far as it fits the plan; the rest is counted."""
        try:
            answer = self._answers.open(self._journal.run_id, fields)
        except (MessageRejected, VersionSkew) as exc:
            self._refuse(exc, batch)
            return
        for one in answer.results if isinstance(answer, Results) else (answer,):
            try:
                self._check(one)
            except MessageRejected as exc:
                self._refuse(exc, batch)
            else:
                yield one

    @staticmethod
    def _refuse(exc: FarmError, batch: Batch) -> None:
        log.warning("refused an answer: %s", one_line(str(exc)))
        batch.counts["quarantined"] += 1

    def _check(self, answer: Checked) -> None:
        if isinstance(answer, ScoreArrived):
            self._check_score(answer.answer)
            return
        if isinstance(answer, Returned):
            unknown = [job.key for job in answer.jobs if job.key not in self._planned]
            if unknown:
                raise MessageRejected(f"a job given back for {unknown[0]}, which this run did not plan")
            return
        key = answer.key
        if isinstance(key, AllSamples):
            if self._spec.after_completion is not Stage.SCORE or not isinstance(answer, Failure):
                raise MessageRejected("an answer about a score, which this run does not get from lm-eval")
            return
        if key not in self._planned:
            raise MessageRejected(f"an answer for {key}, which this run did not plan")
        problem = self._problems[key.problem_id]
        if isinstance(answer, StoredCompletion):
            sampling = self._spec.sampling
            seed = sample_seed(sampling.seed, key.problem_id, key.index) if sampling.sends("seed") else None
            if not self._spec.generates or answer.completion.seed != seed:
                raise MessageRejected(f"a completion of {key} that this run did not ask for")
        if isinstance(answer, SampleResult) and not self._spec.judged:
            raise MessageRejected(f"a verdict on {key}, which is not judged in this run")
        if isinstance(answer, SampleResult) and (
            answer.suite_sha256 != problem.suite_digest
            or answer.tests_total != problem.tests
            or answer.judge != self._spec.judge
            or answer.limits != self._spec.limits
        ):
            raise MessageRejected(f"a verdict on {key} by other tests, judge or limits than this run's")
        if isinstance(answer, SampleResult) and (
            answer.program_sha256 is None or answer.program_sha256 != self._program(key) or answer.cached_from
        ):
            raise MessageRejected(f"a verdict on {key} that is not on the program of its completion")

    def _check_score(self, answer: ScoreAnswer) -> None:
        if self._spec.after_completion is not Stage.SCORE:
            raise MessageRejected("a score, which this run does not get from lm-eval")
        inputs = self._score_inputs()
        if inputs is None:
            raise MessageRejected("a score of answers that are still being generated")
        if (answer.config, answer.answers) != (inputs.config_digest, inputs.answers_digest):
            raise MessageRejected("a score of other answers, or by another plan, than this run's")

    def _completions(self, arrived: list[StoredCompletion], became: list[Recorded], batch: Batch) -> None:
        for answer, recorded in zip(arrived, became, strict=True):
            self._count(recorded, "completion", batch)
            if recorded is Recorded.CONFLICT:
                key = answer.completion.key
                batch.conflicts.append(key)
                log.error("%s: a second, different completion, %s; the first one stands", key, _origin(answer))
            if recorded is not Recorded.UNEXPECTED:
                batch.events.append(Completed(answer.completion.key))
            self.first_requests.answered()
            if recorded is Recorded.NEW:
                tokens = answer.completion.usage.completion_tokens
                self.traffic.answer(tokens or 0, answer.telemetry.ttft_s)
                batch.texts.append(answer)
                batch.lengths.append((answer.completion.problem_id, tokens or len(answer.text) // BYTES_PER_TOKEN))
                batch.counts["request_retries"] += max(0, answer.telemetry.requests - 1)

    def _results(self, results: list[SampleResult], became: list[Recorded], batch: Batch) -> None:
        for result, recorded in zip(results, became, strict=True):
            self._count(recorded, "verdict", batch)
            if recorded is Recorded.NEW:
                batch.verdicts.append((result.key, result.counted_as))
                batch.durations.append((result.problem_id, result.wall_s or 0.0))
                batch.runtimes.add(runtime_of(result))
            if recorded is not Recorded.UNEXPECTED:
                batch.events.append(Judged(result.key, result.worker))

    def _score(self, score: ScoreArrived, batch: Batch) -> None:
        self._count(self._journal.record_score(score.text, score.answer.worker), "score", batch)
        batch.events.append(Scored())

    def _failure(self, failure: Failure, ours: bool, batch: Batch) -> None:
        key, stage, reason = failure.key, failure.stage, f"{failure.kind}: {failure.reason}"
        if failure.pause:
            # The request itself was refused (a wrong key, say), so no attempt is used up. A pause that answers an
            # earlier coordinator's job is ignored: the cause has been fixed, or the next request will hit it again.
            batch.events += [Pause(reason)] if ours else []
            batch.events.append(Vanished(key, stage))
            return
        about = {"run": self._journal.run_id, "problem": failure.problem_id, "sample": str(key)}
        log.info(
            "%s failed: %s", stage, one_line(reason),
            extra={"about": {**about, "attempt": failure.attempt, "worker": failure.worker}},
        )  # fmt: skip
        broken_at = failure.worker if failure.kind == SandboxBroken.__name__ else ""
        if isinstance(key, SampleKey):  # attempts to score are counted by each coordinator for itself
            self._journal.record_failure(key, stage, failure.attempt, reason, broken_at=broken_at)
        self.traffic.failure(failure.kind)
        batch.counts["failed_attempts"] += 1
        batch.events.append(AttemptFailed(key, stage, failure.attempt, reason, failure.final, broken_at))
        if stage is Stage.GENERATE and ours:
            hopeless = self.first_requests.failed(failure.kind, failure.reason)
            batch.events += [] if hopeless is None else [Pause(hopeless)]

    @staticmethod
    def _count(recorded: Recorded, what: str, batch: Batch) -> None:
        if recorded is not Recorded.NEW:
            batch.counts[f"{recorded.value}_{what}s"] += 1


def _origin(answer: StoredCompletion) -> str:
    told = answer.telemetry
    return f"attempt {told.attempt} by {one_line(told.worker, 100)}, text {answer.completion.text_sha256[:12]}"
