"""From judged samples to the Report. Pure: the same rows give the same score, in whatever order they come.

A sample without a verdict is never averaged in as a zero: it makes the report INCOMPLETE and takes the
score away, because any number over the rest would flatter or slander the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from farm.records import Difficulty, RunSpec, SampleKey, Verdict
from farm.scoring import statistics
from farm.scoring.answer_notes import AnswerFacts, answer_notes
from farm.scoring.passk import mean_pass_at_k
from farm.scoring.reference import check_references
from farm.scoring.repeats import repeats
from farm.scoring.report import (
    BrokeSandbox,
    Clamped,
    Counters,
    Coverage,
    ErrataScore,
    Group,
    Hits,
    Moved,
    NotDeterministic,
    PassAtK,
    Regrade,
    Report,
    Telemetry,
    Timing,
    ToolDiffers,
    ToolScore,
    versions_of,
)
from farm.scoring.work import distribution, server_shares, tokens
from farm.text import one_line

SEEDS_RULE = "per sample: first 4 bytes of SHA-256 of canonical JSON [seed, problem_id, index], below 2**31"
NO_SEED = "none is sent, the server draws as it likes"
NO_RESULT = "no result recorded"
UNKNOWN = "unknown"
SAME_SHARE = 1e-9  # apart: what rounding in another tool's file may do
SHOWN = 20  # reasons and keys of unjudged samples

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])(?![0-9])")


@dataclass(frozen=True, slots=True)
class ProblemFacts:
    """What aggregation needs of one problem. `contest_date` is ISO 8601 or empty."""

    problem_id: str
    difficulty: Difficulty = Difficulty.UNKNOWN
    platform: str = ""
    contest_date: str = ""
    tool_score: float | None = None  # share of right answers, as the tool says whose file was imported


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What aggregation needs of one planned sample. Without a verdict it is unjudged, for the given reason."""

    key: SampleKey
    verdict: Verdict | None = None
    unjudged_reason: str | None = None
    generated: bool = True  # False: given up before it had a completion
    finish_reason: str | None = None
    answered_by: str | None = None  # the model, as the server names it
    max_tokens: int | None = None  # as sent
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    server: str = ""  # that answered
    sandbox: str = ""  # tier that executed it; empty if nothing was executed
    runtime: str = ""  # interpreter and runner versions
    checked: bool = False  # a problem's checker decided about one of its answers
    faulted: bool = False  # the comparison of one of its answers raised
    cached: bool = False  # judged by an execution for another sample
    earlier: Verdict | None = None  # in the run that this one judges again
    broke_sandbox: str | None = None  # the digest of its program, if that broke the sandbox in each attempt
    held_up: bool = False  # it waited for cores half as long as makes it unjudged, or that long
    starved: bool = False  # it timed out, and had no core for much of the time
    seen: tuple[Verdict, ...] = ()  # of a program that is not deterministic: the verdicts that it had
    answer: AnswerFacts | None = None  # None: no answer is recorded

    def __post_init__(self) -> None:
        if self.verdict is not None and self.unjudged_reason is not None:
            raise ValueError(f"{self.key}: a judged sample has no reason for being unjudged")


def aggregate(
    run_id: str,
    spec: RunSpec,
    problems: Sequence[ProblemFacts],
    samples: Iterable[SampleFacts],
    counters: Counters | None = None,
    timing: Timing | None = None,
    tolerance: float | None = None,
    *,
    running: bool = False,
) -> Report:
    """The report of a run over `problems` (all of the spec's dataset) and its planned `samples`.

    A run of kind evaluate owes `sampling.n` samples of each problem: one that is not given counts as
    unjudged. A run of kind grade is judged as it comes: problems may have any number of samples, those
    with none are counted and stay out of the score, and a k above the smallest number is omitted.
    ValueError on what no plan holds: a problem or sample twice, a sample of no problem, none at all.
    """
    timing = timing or Timing()
    rows = _by_problem(spec, problems, samples)
    flat = [sample for row in rows.values() for sample in row]
    if not flat:
        raise ValueError(f"run {run_id}: no samples to report")
    covered = {problem_id: row for problem_id, row in rows.items() if row}
    coverage = _coverage(rows, flat)
    complete = coverage.unjudged == 0
    counts = [_count(row) for row in covered.values()]
    fewest, most = min(n for n, _ in counts), max(n for n, _ in counts)
    ks = sorted({1, *spec.ks})
    scores = _pass_at_k(counts, [k for k in ks if k <= fewest], spec.sampling.seed) if complete else ()
    size = statistics.effective_size(counts) if complete else None
    spent = tokens((sample.prompt_tokens, sample.completion_tokens) for sample in flat)
    rate = spent.completion / timing.wall_s if spent and timing.wall_s and spec.generates else None
    grouped = _Grouping(problems, rows, complete)
    answers = [sample.answer for sample in flat if sample.answer is not None]
    return Report(
        run_id=run_id,
        kind=spec.kind,
        status="COMPLETE" if complete else "INCOMPLETE",
        spec=public_spec(spec),
        seeds=SEEDS_RULE if spec.sampling.sends("seed") else NO_SEED,
        versions=versions_of(sample.runtime for sample in flat),
        answered_by=tuple(sorted({sample.answered_by for sample in flat if sample.answered_by})),
        coverage=coverage,
        first_sample=_first_sample(covered.values()),
        samples_per_problem=(fewest, most),
        effective_samples=size,
        smallest_difference=statistics.smallest_difference(scores[0].score, size, size) if size else None,
        pass_at_k=scores,
        ks_omitted=tuple(k for k in ks if k > fewest),
        repeats=repeats([[s.verdict for s in row if s.verdict is not None] for row in covered.values()])
        if complete
        else None,
        errata=_errata(spec, covered, ks, complete),
        other_tool=_other_tool(spec, problems, covered, complete),
        verdicts=_verdicts(flat),
        checked=sum(sample.checked for sample in flat),
        faulted=sum(sample.faulted for sample in flat),
        broke_sandbox=_broke_sandbox(flat),
        truncated=sum(sample.finish_reason == "length" for sample in flat),
        clamped=_clamped(spec, flat),
        by_difficulty=grouped.by(lambda p: p.difficulty.value, [d.value for d in Difficulty]),
        by_platform=grouped.by(lambda p: p.platform or UNKNOWN),
        by_month=grouped.by(lambda p: p.contest_date[:7] if _MONTH.match(p.contest_date) else UNKNOWN),
        tokens=spent,
        references=check_references(
            spec.references, counts if complete else (), spec.tolerance if tolerance is None else tolerance
        ),
        telemetry=Telemetry(
            timing=timing,
            running=running,
            latency_s=distribution(sample.latency_s for sample in flat),
            ttft_s=distribution(sample.ttft_s for sample in flat),
            tokens_per_second=rate,
            servers=server_shares(
                ((s.server, s.completion_tokens, s.latency_s) for s in flat if s.server), timing.wall_s
            ),
            sandboxes=dict(Counter(sample.sandbox for sample in flat if sample.sandbox and not sample.cached)),
            cached=sum(sample.cached for sample in flat),
            regrade=_regrade(flat) if spec.regraded_from is not None else None,
            starved=sum(sample.starved for sample in flat),
            held_up=sum(sample.held_up for sample in flat),
            not_deterministic=_not_deterministic(flat),
            answers=answer_notes(answers) if answers else None,
            counters=counters or Counters(),
        ),
    )


# --- the plan -----------------------------------------------------------------------------------


def _by_problem(
    spec: RunSpec, problems: Sequence[ProblemFacts], samples: Iterable[SampleFacts]
) -> dict[str, list[SampleFacts]]:
    """The samples of each problem by index, in the problems' order; those that evaluate owes are filled in."""
    if len(problems) != spec.dataset.problems:
        raise ValueError(f"{len(problems)} problems given, the dataset has {spec.dataset.problems}")
    found: dict[str, dict[int, SampleFacts]] = {problem.problem_id: {} for problem in problems}
    if len(found) != len(problems):
        raise ValueError("a problem is given twice")
    for sample in samples:
        row = found.get(sample.key.problem_id)
        if row is None:
            raise ValueError(f"{sample.key}: not a problem of the run")
        if sample.key.index in row:
            raise ValueError(f"{sample.key}: given twice")
        if spec.kind == "evaluate" and not 0 <= sample.key.index < spec.sampling.n:
            raise ValueError(f"{sample.key}: not planned, n is {spec.sampling.n}")
        row[sample.key.index] = sample
    if spec.kind == "evaluate":
        for problem_id, row in found.items():
            for index in range(spec.sampling.n):
                row.setdefault(index, SampleFacts(SampleKey(problem_id, index)))
    return {problem_id: [row[index] for index in sorted(row)] for problem_id, row in found.items()}


def _coverage(rows: dict[str, list[SampleFacts]], flat: list[SampleFacts]) -> Coverage:
    unjudged = [sample for sample in flat if sample.verdict is None]
    reasons = Counter(one_line(sample.unjudged_reason or NO_RESULT) for sample in unjudged)
    shown = dict(reasons.most_common(SHOWN))
    if rest := len(unjudged) - sum(shown.values()):
        shown["other reasons"] = rest
    return Coverage(
        problems=len(rows),
        problems_without_samples=sum(not row for row in rows.values()),
        planned=len(flat),
        judged=len(flat) - len(unjudged),
        unjudged=len(unjudged),
        unjudged_reasons=shown,
        not_generated=sum(not sample.generated for sample in unjudged),
        unjudged_samples=tuple(str(sample.key) for sample in unjudged[:SHOWN]),
    )


def public_spec(spec: RunSpec) -> RunSpec:
    """The spec as it may be shown: without credentials in the servers' URLs."""
    return spec.model_copy(update={"servers": tuple(_without_credentials(url) for url in spec.servers)})


def _without_credentials(url: str) -> str:
    """The URL without user and password, query and fragment: each may hold a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


# --- scores -------------------------------------------------------------------------------------


def _passed(row: Iterable[SampleFacts]) -> int:
    return sum(sample.verdict is Verdict.PASSED for sample in row)


def _count(row: Sequence[SampleFacts]) -> tuple[int, int]:
    return len(row), _passed(row)


def _verdicts(flat: list[SampleFacts]) -> dict[str, int]:
    seen = Counter(sample.verdict for sample in flat)
    return {verdict.value: seen[verdict] for verdict in Verdict if seen[verdict]}


def _first_sample(rows: Iterable[Sequence[SampleFacts]]) -> Hits:
    judged = [row[0] for row in rows if row[0].verdict is not None]
    return Hits(hits=_passed(judged), problems=len(judged))


def _pass_at_k(counts: statistics.Counts, ks: Sequence[int], seed: int) -> tuple[PassAtK, ...]:
    intervals = statistics.intervals(counts, ks, seed=seed)
    scores = []
    for k in ks:
        exact = mean_pass_at_k(counts, k)
        scores.append(
            PassAtK(
                k=k,
                exact=str(exact),
                score=float(exact),
                interval=intervals[k],
                standard_error=statistics.standard_error(counts, k),
            )
        )
    return tuple(scores)


def _errata(
    spec: RunSpec, covered: dict[str, list[SampleFacts]], ks: Sequence[int], complete: bool
) -> ErrataScore | None:
    """The second score: the same, without the problems that carry an erratum."""
    data = spec.dataset
    if not data.errata:
        return None
    left = [_count(row) for problem_id, row in covered.items() if problem_id not in data.flawed]
    fewest = min((n for n, _ in left), default=0)
    scored = complete and data.flawed and left
    return ErrataScore(
        version=data.errata,
        flawed=data.flawed,
        excluded=data.flawed_excluded,
        problems=len(left),
        pass_at_k=_pass_at_k(left, [k for k in ks if k <= fewest], spec.sampling.seed) if scored else (),
    )


def _other_tool(
    spec: RunSpec, problems: Sequence[ProblemFacts], covered: dict[str, list[SampleFacts]], complete: bool
) -> ToolScore | None:
    """Both scores over the problems that both have, and those of which the shares of right answers differ."""
    said = {p.problem_id: p.tool_score for p in problems if p.tool_score is not None and p.problem_id in covered}
    if not said:
        return None
    here = {name: _passed(covered[name]) / len(covered[name]) for name in said}
    differing = [
        ToolDiffers(problem_id=name, there=share, here=here[name])
        for name, share in said.items()
        if abs(share - here[name]) > SAME_SHARE
    ]
    return ToolScore(
        tool=spec.imported_from or "the file",
        problems=len(said),
        there=sum(said.values()) / len(said),
        here=sum(here.values()) / len(here) if complete else None,
        differing=tuple(differing) if complete else (),
    )


def _clamped(spec: RunSpec, flat: Iterable[SampleFacts]) -> Clamped | None:
    if spec.kind != "evaluate":
        return None
    allowed = [s.max_tokens for s in flat if s.max_tokens is not None and s.max_tokens < spec.sampling.max_tokens]
    return Clamped(samples=len(allowed), fewest=min(allowed)) if allowed else None


def _broke_sandbox(flat: Iterable[SampleFacts]) -> tuple[BrokeSandbox, ...]:
    found = [
        BrokeSandbox(sample=str(sample.key), program_sha256=sample.broke_sandbox)
        for sample in flat
        if sample.broke_sandbox is not None
    ]
    return tuple(found[:SHOWN])


def _not_deterministic(flat: Iterable[SampleFacts]) -> NotDeterministic | None:
    found = [sample for sample in flat if sample.seen]
    if not found:
        return None
    return NotDeterministic(
        samples=len(found),
        passed_at_times=sum(Verdict.PASSED in sample.seen for sample in found),
        first=tuple(str(sample.key) for sample in found[:SHOWN]),
    )


@dataclass(frozen=True)
class _Grouping:
    problems: Sequence[ProblemFacts]
    rows: dict[str, list[SampleFacts]]
    complete: bool

    def by(self, name_of: Callable[[ProblemFacts], str], order: Sequence[str] = ()) -> tuple[Group, ...]:
        """The groups in the given order, else by name, unknown last; problems without samples stay out."""
        members: dict[str, list[list[SampleFacts]]] = {}
        for problem in self.problems:
            if row := self.rows[problem.problem_id]:
                members.setdefault(name_of(problem), []).append(row)
        names = [name for name in order if name in members] or sorted(members, key=lambda n: (n == UNKNOWN, n))
        return tuple(_group(name, members[name], self.complete) for name in names)


def _group(name: str, rows: list[list[SampleFacts]], complete: bool) -> Group:
    counts = [_count(row) for row in rows]
    return Group(
        name=name,
        problems=len(rows),
        samples=sum(n for n, _ in counts),
        judged=sum(sample.verdict is not None for row in rows for sample in row),
        passed=sum(c for _, c in counts),
        pass_at_1=float(mean_pass_at_k(counts, 1)) if complete else None,
        interval=statistics.clustered_wilson(counts) if complete else None,
    )


def _regrade(flat: list[SampleFacts]) -> Regrade:
    pairs = [(s.earlier, s.verdict) for s in flat if s.earlier is not None and s.verdict is not None]
    moved = sorted(Counter(pair for pair in pairs if pair[0] is not pair[1]).items())
    return Regrade(
        compared=len(pairs), moved=tuple(Moved(earlier=then, now=now, samples=count) for (then, now), count in moved)
    )
