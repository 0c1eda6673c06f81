"""One problem of a run with all that is known of its samples, as texts that anybody may have written.

Nothing here is safe to show: each renderer escapes in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.records import Completion, GenerateTelemetry, Prompt, SampleKey, SampleResult, Suite
from farm.reports.samples_jsonl import UnjudgedSample


@dataclass(frozen=True, slots=True)
class SampleDetail:
    """One sample: its outcome, and the answer it is about, if there is one. `program` is None for no code."""

    key: SampleKey
    outcome: SampleResult | UnjudgedSample
    completion: Completion | None = None
    telemetry: GenerateTelemetry | None = None
    text: str = ""
    reasoning: str = ""
    program: str | None = None

    @property
    def given_as_code(self) -> bool:
        """Whether there is a program without an answer."""
        return self.completion is not None and self.completion.form == "program"

    @property
    def verdict(self) -> str:
        """The verdict's name, or UNJUDGED."""
        return self.outcome.verdict.value if isinstance(self.outcome, SampleResult) else "UNJUDGED"

    @property
    def passed(self) -> bool:
        return isinstance(self.outcome, SampleResult) and self.outcome.passed

    @property
    def deterministic(self) -> bool:
        return not isinstance(self.outcome, SampleResult) or self.outcome.deterministic

    @property
    def truncated(self) -> bool:
        return self.completion is not None and self.completion.truncated


@dataclass(frozen=True, slots=True)
class ProblemDetail:
    """One problem with its samples by index. `suite` is None where the stored tests are gone."""

    problem_id: str
    title: str
    platform: str
    difficulty: str
    contest_date: str
    statement: str
    prompt: Prompt | None
    suite: Suite | None
    tests: int
    samples: tuple[SampleDetail, ...]
