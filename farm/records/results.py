"""What comes back: completions, cases, results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from farm.ids import canonical_json, sha256_hex
from farm.records.base import (
    TIER_NONE,
    UNSANDBOXED_LABEL,
    Count,
    Digest,
    Record,
    SampleKey,
    Seconds,
    Verdict,
    is_empty,
    is_none,
)
from farm.records.judging import JudgeSpec
from farm.records.limits import Limits


class Usage(Record):
    """Token counts as the server states them; None where it is silent."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    reasoning_tokens: Count | None = Field(default=None, exclude_if=is_none)  # of the completion's, where counted apart


class Thought(Record):
    """That an answer came with reasoning: in which field of it, or between which marks in its text."""

    where: Annotated[str, Field(max_length=40)]  # reasoning, reasoning_content, <think>, <|channel>thought, harmony
    tokens: Count | None = None  # None: the server counts no tokens
    counted: bool = False  # by the server; else estimated by the share of the characters

    @property
    def in_words(self) -> str:
        """As `reasoned in <think>, about 300 tokens`."""
        size = "" if self.tokens is None else f", {'' if self.counted else 'about '}{self.tokens} tokens"
        return f"reasoned in {self.where}{size}"


class Completion(Record):
    """A model's answer to one sample. The text itself is the blob `text_sha256`."""

    schema_version: Literal[1] = 1
    problem_id: str
    index: Count
    form: Literal["text", "program"] = "text"  # program: already extracted, as some completion files have it
    text_sha256: Digest
    reasoning_sha256: Digest | None = None
    program_sha256: Digest | None = None  # of what another tool extracted from the answer; judged in place of our own
    prompt_sha256: Digest | None = None
    finish_reason: str | None = None
    seed: int | None = None
    max_tokens: int | None = None  # as sent, after clamping
    model: str | None = None  # as the server names it
    usage: Usage = Usage()
    thought: Thought | None = Field(default=None, exclude_if=is_none)  # None: it shows no reasoning

    @property
    def key(self) -> SampleKey:
        return SampleKey(self.problem_id, self.index)

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"


class GenerateTelemetry(Record):
    """How an answer came about; outside every digest."""

    worker: str = ""
    server: str = ""
    attempt: Count = 1
    requests: Count = 1  # HTTP requests made, retries included
    latency_s: Seconds = 0.0
    ttft_s: Seconds | None = None  # time to first token
    stop_reason: str = ""  # as vLLM states it: the stop string, or the number of the token, that ended the answer
    cut_at: str = ""  # the stop string where farm cut the answer, since the server had not
    finished_at: float = 0.0  # Unix time


@dataclass(frozen=True, slots=True)
class StoredCompletion:
    """A completion with its texts, which are bytes of farm.text.encode, and how it came about."""

    completion: Completion
    telemetry: GenerateTelemetry
    text: bytes
    reasoning: bytes | None = None
    program: bytes | None = None  # extracted by another tool

    @property
    def key(self) -> SampleKey:
        return self.completion.key


class CaseResult(Record):
    """One test's execution, judged. Times and sizes are telemetry."""

    index: Count
    verdict: Verdict
    detail: str = ""  # short: exception name, signal, limit; printable
    # Mode lcb: the original grader keeps no result of any test here, because of an error outside the tests or
    # because its process ended. The sample then fails at test 0, as the original's list of codes says
    all_lost: Literal["error", "process_end"] | None = None
    # "checker": the problem's own decided about an answer that differs from the expected one. "fault": the comparison
    # itself raised on what the program answered; the test counts as failed
    decided_by: Literal["comparison", "checker", "fault"] = "comparison"
    exit_code: int | None = None
    signal: int | None = None
    limit: Literal["cpu", "wall", "memory", "stdout", "result"] | None = None
    stdout_bytes: Count = 0
    stdout_sha256: Digest | None = None
    stdout_excerpt: str = ""  # printable, at most 1 KiB
    stderr_excerpt: str = ""
    truncated: bool = False  # output was cut at its cap
    cpu_s: Seconds = 0.0
    wall_s: Seconds = 0.0
    # Of wall_s, the time in which the program was ready to run and the host gave it no core. No limit counts it
    starved_s: Seconds = 0.0
    peak_bytes: Count = 0


class VerdictCount(Record):
    """How often a program that was judged several times got this verdict at this test."""

    verdict: Verdict
    first_failure: Count | None = None
    times: Annotated[int, Field(ge=1)]

    @property
    def in_words(self) -> str:
        """As `3 x WRONG_ANSWER at test 0`."""
        test = "" if self.first_failure is None else f" at test {self.first_failure}"
        return f"{self.times} x {self.verdict.value}{test}"


class SampleResult(Record):
    """The verdict on one sample: that of its first failing test, in test order."""

    schema_version: Literal[1] = 1
    problem_id: str
    index: Count
    verdict: Verdict
    first_failure: Count | None = None  # index of the first failing test; None if passed or nothing ran
    program_sha256: Digest | None = None  # None: no code
    suite_sha256: Digest
    judge: JudgeSpec
    limits: Limits
    detail: str = ""
    cases: tuple[CaseResult, ...] = ()
    tests_total: Annotated[int, Field(ge=1)]
    sandbox: str = ""  # tier that ran it
    runtime: str = ""  # interpreter and runner versions
    # Of a program that is not deterministic: what each judging of it said, the first one first. Else empty
    verdicts_seen: tuple[VerdictCount, ...] = Field(default=(), exclude_if=is_empty)
    cached_from: str = ""  # "run/sample" that was executed in this one's place; empty: executed for this sample
    worker: str = ""
    attempt: Count = 1
    cpu_s: Seconds = 0.0
    wall_s: Seconds = 0.0
    finished_at: float = 0.0

    @property
    def key(self) -> SampleKey:
        return SampleKey(self.problem_id, self.index)

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def deterministic(self) -> bool:
        """False if it was judged several times and not always the same; True also if it was judged once."""
        return not self.verdicts_seen

    @property
    def verdicts_in_words(self) -> str:
        """The verdicts of a program that is not deterministic, as `2 x PASSED, 3 x WRONG_ANSWER at test 0`."""
        return ", ".join(count.in_words for count in self.verdicts_seen)

    def tests_decided_by(self, judge: Literal["checker", "fault"]) -> int:
        """How many of its tests a checker decided, or a comparison that raised."""
        return sum(case.decided_by == judge for case in self.cases)

    @property
    def official(self) -> bool:
        """Whether it may enter a score: what ran without a sandbox may have been forged."""
        return self.sandbox != TIER_NONE

    @property
    def counted_as(self) -> str:
        """The verdict as it is counted; UNSANDBOXED_LABEL for one that enters no score."""
        return self.verdict.value if self.official else UNSANDBOXED_LABEL

    def outcome_digest(self) -> str:
        """Digest of what the judging decided; equal for two honest executions of a deterministic program."""
        return sha256_hex(
            canonical_json(
                [
                    self.problem_id,
                    self.index,
                    self.verdict.value,
                    self.first_failure,
                    self.program_sha256,
                    self.suite_sha256,
                    self.judge.model_dump(mode="json"),
                    self.limits.model_dump(mode="json"),
                    [[c.index, c.verdict.value] for c in self.cases],
                ]
            )
        )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.verdict is Verdict.PASSED:
            # A pass is every test, run and passed: no test can be left out, forged or absent.
            if len(self.cases) != self.tests_total or any(c.verdict is not Verdict.PASSED for c in self.cases):
                raise ValueError("PASSED needs a passing result for each test")
            if self.first_failure is not None:
                raise ValueError("a passed sample has no failing test")
        elif self.first_failure is not None and not any(
            c.index == self.first_failure and c.verdict is self.verdict for c in self.cases
        ):
            raise ValueError("the verdict is that of the first failing test")
        self._check_verdicts_seen()
        return self

    def _check_verdicts_seen(self) -> None:
        seen = self.verdicts_seen
        if not seen:
            return
        if len({(count.verdict, count.first_failure) for count in seen}) != len(seen) or len(seen) == 1:
            raise ValueError("verdicts_seen are two or more that differ")
        if (seen[0].verdict, seen[0].first_failure) != (self.verdict, self.first_failure):
            raise ValueError("the verdict is the first that was seen")
        if sum(count.times for count in seen) != self.judge.repeats:
            raise ValueError("each judging gave one verdict")
