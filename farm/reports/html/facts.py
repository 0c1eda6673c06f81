"""What a page's charts are drawn from: gathered while the samples stream by, one problem at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from farm.records import SampleResult
from farm.reports.details import ProblemDetail, SampleDetail
from farm.text import one_line

BINS = 60  # of a run's time


@dataclass(frozen=True, slots=True)
class Row:
    """A problem in the page's table."""

    problem_id: str
    title: str
    platform: str
    difficulty: str
    month: str
    samples: int
    passed: int
    verdict: str  # of the first sample that did not pass, else PASSED
    tokens: float | None  # mean, of the answers
    latency_s: float | None  # longest
    cpu_s: float  # most, of a sample's execution
    truncated: int
    not_deterministic: int
    cut: bool = False


@dataclass
class RunFacts:
    """Numbers of all samples of a run."""

    kinds: Counter[str] = field(default_factory=Counter)  # failures by verdict and what happened
    tokens: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    requests: list[tuple[float, float, int]] = field(default_factory=list)  # begin and end in Unix time, tokens
    judged_at: list[float] = field(default_factory=list)
    truncated: list[str] = field(default_factory=list)  # keys
    rows: list[Row] = field(default_factory=list)

    def add(self, problem: ProblemDetail) -> Row:
        """Count a problem's samples; its row of the table."""
        for sample in problem.samples:
            self._count(sample)
        answers = [s.completion.usage.completion_tokens for s in problem.samples if s.completion is not None]
        spent = [tokens for tokens in answers if tokens is not None]
        waited = [s.telemetry.latency_s for s in problem.samples if s.telemetry is not None and s.telemetry.latency_s]
        row = Row(
            problem_id=problem.problem_id,
            title=problem.title,
            platform=problem.platform,
            difficulty=problem.difficulty,
            month=problem.contest_date[:7],
            samples=len(problem.samples),
            passed=sum(sample.passed for sample in problem.samples),
            verdict=next((sample.verdict for sample in problem.samples if not sample.passed), "PASSED"),
            tokens=sum(spent) / len(spent) if spent else None,
            latency_s=max(waited, default=None),
            cpu_s=max((s.outcome.cpu_s for s in problem.samples if isinstance(s.outcome, SampleResult)), default=0.0),
            truncated=sum(sample.truncated for sample in problem.samples),
            not_deterministic=sum(not sample.deterministic for sample in problem.samples),
        )
        self.rows.append(row)
        return row

    def _count(self, sample: SampleDetail) -> None:
        outcome, completion, told = sample.outcome, sample.completion, sample.telemetry
        if isinstance(outcome, SampleResult):
            if not outcome.passed:
                self.kinds[kind_of(outcome)] += 1
            if outcome.finished_at and not outcome.cached_from:
                self.judged_at.append(outcome.finished_at)
        else:
            self.kinds[f"unjudged, {one_line(outcome.reason, 60)}"] += 1
        if sample.truncated:
            self.truncated.append(str(sample.key))
        if completion is None or told is None:
            return
        if completion.usage.completion_tokens is not None:
            self.tokens.append(completion.usage.completion_tokens)
        if told.latency_s:
            self.latencies.append(told.latency_s)
            if told.finished_at:
                begin = told.finished_at - told.latency_s
                self.requests.append((begin, told.finished_at, completion.usage.completion_tokens or 0))

    def throughput(self) -> tuple[list[float], float]:
        """Completion tokens a second in each of BINS steps, by when an answer was whole; and the seconds of all."""
        begin, total = _span(self.requests)
        heights = [0.0] * BINS if total else []
        for _, end, tokens in self.requests:
            if total:
                heights[_bin(end, begin, total)] += tokens / (total / BINS)
        return heights, total

    def slots(self) -> tuple[list[float], float]:
        """Mean number of requests under way in each of BINS steps, and the seconds of all."""
        begin, total = _span(self.requests)
        heights = [0.0] * BINS if total else []
        width = total / BINS
        for start, end, _ in self.requests if total else ():
            for at in range(_bin(start, begin, total), _bin(end, begin, total) + 1):
                low, high = begin + at * width, begin + (at + 1) * width
                heights[at] += max(0.0, min(end, high) - max(start, low)) / width
        return heights, total

    def judging(self) -> tuple[list[float], float]:
        """Samples judged a minute in each of BINS steps, and the seconds of all."""
        if len(self.judged_at) < 2:
            return [], 0.0
        begin, total = min(self.judged_at), max(self.judged_at) - min(self.judged_at)
        if total <= 0:
            return [], 0.0
        heights = [0.0] * BINS
        for at in self.judged_at:
            heights[_bin(at, begin, total)] += 60 / (total / BINS)
        return heights, total


def kind_of(outcome: SampleResult) -> str:
    """A failure in few words: the exception, signal or limit that its detail begins with, else its verdict."""
    return one_line(outcome.detail, 60).split(":")[0].strip() or outcome.verdict.value


def _span(requests: list[tuple[float, float, int]]) -> tuple[float, float]:
    if not requests:
        return 0.0, 0.0
    begin = min(start for start, _, _ in requests)
    return begin, max(end for _, end, _ in requests) - begin


def _bin(at: float, begin: float, total: float) -> int:
    return min(BINS - 1, max(0, int((at - begin) / total * BINS)))
