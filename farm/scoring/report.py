"""The Report: a run's score, how sure it is, and all that one must know to believe it.

The last record of the line. It holds the whole RunSpec, because a score means nothing without the
protocol, judge mode, dataset and sampling behind it. What times, hosts and luck decide is in
`telemetry`, `versions` and the locations that `score_digest` leaves out.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from farm.ids import canonical_json, sha256_hex
from farm.records import Count, Digest, Record, RunId, RunSpec, Seconds, Verdict
from farm.records.base import is_empty
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.answer_notes import AnswerNotes
from farm.scoring.statistics import Interval, Share
from farm.version import __version__


class Versions(Record):
    """What aggregated (farm, python) and what executed (runners, as the execute workers name themselves)."""

    farm: str
    python: str
    runners: tuple[str, ...] = ()


def versions_of(runners: Iterable[str]) -> Versions:
    """This farm's versions, and those of the runners; empty names are left out."""
    return Versions(
        farm=__version__, python=platform.python_version(), runners=tuple(sorted({name for name in runners if name}))
    )


class Coverage(Record):
    """How much of the plan was judged, and why the rest was not."""

    problems: Count
    problems_without_samples: Count = 0  # kind grade: the file holds no completion for them
    planned: Count
    judged: Count
    unjudged: Count
    unjudged_reasons: dict[str, Count]
    not_generated: Count = 0  # of the unjudged: given up before they had a completion
    unjudged_samples: tuple[str, ...] = ()  # the first few keys


class Hits(Record):
    """How many problems the first sample of each solved: `hits` of `problems`."""

    hits: Count
    problems: Count


class PassAtK(Record):
    """Mean pass@k over problems: exact, as a share of one, and its uncertainty."""

    k: Annotated[int, Field(ge=1)]
    exact: str  # "numerator/denominator", or "0" or "1"
    score: Share
    interval: Interval
    standard_error: float | None  # None for one problem


class Group(Record):
    """The problems of one difficulty, platform or contest month. No pass@1 while the report is incomplete."""

    name: str
    problems: Count
    samples: Count
    judged: Count
    passed: Count
    pass_at_1: Share | None
    interval: Interval | None


class Repeats(Record):
    """The same problems, measured several times. Scores are pass@1, shares of one."""

    repeats: Annotated[int, Field(ge=2)]
    problems: Annotated[int, Field(ge=1)]
    scores: tuple[Share, ...]  # of each repeat
    mean: Share
    deviation: Annotated[float, Field(ge=0)]  # standard deviation of the scores, dividing by repeats - 1
    flipped: Count  # problems that some repeats passed and others did not
    flip_rate: Share  # flipped, over problems
    verdicts_differ: Count  # problems with two or more different verdicts


class ErrataScore(Record):
    """What an errata list says of this run's problems, and the score without those that it names."""

    version: str
    flawed: dict[str, str]  # problem id -> reason; all of them are in the run's score
    excluded: dict[str, str]  # problem id -> reason; left out of the run on request
    problems: Count  # with samples, that are left without the flawed ones
    pass_at_k: tuple[PassAtK, ...]  # over these; empty if INCOMPLETE, or no problem is flawed, or all are


class ToolDiffers(Record):
    """A problem of which another tool says something else than farm: the shares of right answers."""

    problem_id: str
    there: Share
    here: Share


class ToolScore(Record):
    """What the tool whose file was imported says of the same answers, over the problems of which it says something."""

    tool: str
    problems: Annotated[int, Field(ge=1)]
    there: Share  # mean share of right answers
    here: Share | None  # farm's over the same problems; None while incomplete
    differing: tuple[ToolDiffers, ...]  # in dataset order; empty while incomplete


class Clamped(Record):
    """Samples that were allowed fewer tokens than the run's max_tokens, because of the model's context."""

    samples: Annotated[int, Field(ge=1)]
    fewest: Count  # tokens that one of them was allowed


class Tokens(Record):
    """Token totals over the samples whose server stated them."""

    samples: Count
    prompt: Count
    completion: Count
    mean_prompt: float
    mean_completion: float


class ReferenceRow(Record):
    """The score compared with one reference. Scores in percent."""

    label: Literal["published", "gpu_reference"]
    score: float
    source: str
    unlike: tuple[str, ...] = ()  # what was not as in this run; then nothing is compared
    hits: Count | None  # of `problems`, as stated, or if `score` is such a count to two decimals
    problems: Count | None  # that it was measured on; None: taken as exact
    ratio: float | None
    standing: Literal["above", "below", "not distinguishable"] | None
    test: Literal["z", "exact"] | None
    p_value: Share | None
    smallest_difference: float | None  # percentage points that this run finds in 80 % of cases; None: none at all


class ReferenceCheck(Record):
    """tt-inference-server's accuracy check, unchanged, and what it leaves out: whether the difference is noise."""

    accuracy_check: AccuracyCheck
    decided_by: Literal["published", "gpu_reference"] | None
    tolerance: Annotated[float, Field(ge=0, le=1)]
    score: float | None  # pass@1 in percent; None while incomplete
    ratio_to_reference: float | None
    ratio_to_published: float | None
    gate_hits: Count | None  # solved problems that pass; one sample of each problem only
    false_fail: Share | None  # how often a model as good as the deciding reference misses gate_hits
    rows: tuple[ReferenceRow, ...]


class Distribution(Record):
    """Seconds over samples; quantiles by nearest rank."""

    samples: Annotated[int, Field(ge=1)]
    mean: Seconds
    p50: Seconds
    p95: Seconds
    max: Seconds


class Counters(Record):
    """What the line of work went through; none of it moves a score."""

    retries: Count = 0  # HTTP requests made again
    resends: Count = 0  # samples sent to workers again
    duplicates: Count = 0  # results that arrived twice and agreed
    conflicts: Count = 0  # results that arrived twice and differed; the first one stands
    quarantined: Count = 0  # messages refused


class Moved(Record):
    """Samples whose verdict was `earlier` in the run that is judged again, and is `now` in this one."""

    earlier: Verdict
    now: Verdict
    samples: Count


class Regrade(Record):
    """A run's verdicts compared with those of the run that it judges again."""

    compared: Count  # samples that both judged
    moved: tuple[Moved, ...]  # where the two differ


class NotDeterministic(Record):
    """Samples that were judged several times and had different verdicts or first failing tests."""

    samples: Annotated[int, Field(ge=1)]
    passed_at_times: Count  # of these: passed and failed, so that the score is a matter of luck
    first: tuple[str, ...]  # the first few keys


class BrokeSandbox(Record):
    """A sample with the verdict SANDBOX_BROKEN, and the program that got it."""

    sample: str
    program_sha256: Digest


class Timing(Record):
    """When the run was worked on. Unix times; `wall_s` adds up the time of each coordinator that drove it."""

    started_at: float = 0.0
    finished_at: float | None = None
    wall_s: Seconds = 0.0


class ServerShare(Record):
    """What one model server did for the run."""

    url: str
    samples: Count
    completion_tokens: Count
    tokens_per_second: Seconds | None  # completion tokens over the run's wall_s
    latency_s: Seconds | None  # mean of a completion


class Telemetry(Record):
    """What differs between two honest runs of the same spec."""

    timing: Timing
    running: bool = False  # its coordinator drives it, or died without saying so
    latency_s: Distribution | None
    ttft_s: Distribution | None
    tokens_per_second: Seconds | None  # completion tokens over wall_s
    servers: tuple[ServerShare, ...] = ()  # by URL
    sandboxes: dict[str, Count]  # samples executed per tier
    cached: Count = 0  # samples judged by an execution of the same program on the same tests for another one
    regrade: Regrade | None = None
    held_up: Count = 0  # samples that waited for cores half as long as makes them unjudged, or that long
    starved: Count = 0  # samples that timed out while the host gave them no core for much of the time
    not_deterministic: NotDeterministic | None = None  # None: none is known; few runs judge more than once
    answers: AnswerNotes | None = None  # None: nothing is known of them
    counters: Counters


class Report(Record):
    """One run's result. INCOMPLETE, without any pass@k, as long as one planned sample is unjudged."""

    schema_version: Literal[1] = 1
    run_id: RunId
    kind: Literal["evaluate", "grade"]
    status: Literal["COMPLETE", "INCOMPLETE"]
    spec: RunSpec  # server URLs without credentials
    seeds: str  # the rule of the samples' seeds
    versions: Versions
    answered_by: tuple[str, ...] = ()  # models, as the server names them in its answers
    coverage: Coverage
    first_sample: Hits
    samples_per_problem: tuple[Count, Count]  # fewest, most; of problems with samples
    effective_samples: float | None  # independent samples that would tell as much about pass@1
    smallest_difference: float | None  # share of one: true gap to an equal run found in 80 % of cases; None: none
    pass_at_k: tuple[PassAtK, ...]
    ks_omitted: tuple[int, ...] = ()  # asked for, but some problem has fewer samples
    repeats: Repeats | None = None  # the n samples of each problem as n repeats; None for n = 1 or if n differs
    errata: ErrataScore | None = None  # None: there is no list of errata for this dataset
    other_tool: ToolScore | None = None  # None: the answers are no import, or their tool did not judge them
    verdicts: dict[str, Count]
    checked: Count = 0  # samples of which a problem's checker decided about an answer
    faulted: Count = 0  # samples that failed a test because the comparison of their answer raised
    # The first few samples whose program broke the sandbox in each attempt
    broke_sandbox: tuple[BrokeSandbox, ...] = Field(default=(), exclude_if=is_empty)
    truncated: Count  # samples with finish_reason "length"
    clamped: Clamped | None = None
    by_difficulty: tuple[Group, ...]
    by_platform: tuple[Group, ...]
    by_month: tuple[Group, ...]
    tokens: Tokens | None
    references: ReferenceCheck
    telemetry: Telemetry

    @property
    def complete(self) -> bool:
        return self.status == "COMPLETE"

    @property
    def pass_at_1(self) -> PassAtK | None:
        """None while incomplete."""
        return self.pass_at_k[0] if self.pass_at_k else None

    def score_digest(self) -> str:
        """SHA-256 of the score and what decides it: equal for two runs that a kill or a host alone tells apart.

        Leaves out the run id, versions, telemetry, where servers and dataset were found, whether executions
        were reused, what another tool says of the answers, and of a run that was judged again all but the
        protocol that made its prompts.
        """
        value = self.model_dump(mode="json", exclude={"run_id", "versions", "telemetry", "other_tool"})
        spec = value["spec"]
        del spec["servers"], spec["dataset"]["source"]
        spec.pop("cache", None)
        spec.pop("imported_from", None)
        regraded = spec.pop("regraded_from", None)
        if regraded is not None and regraded["prompted_by"] not in ("", spec["protocol"]):
            spec["prompted_by"] = regraded["prompted_by"]
        return sha256_hex(canonical_json(value))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        coverage = self.coverage
        if self.kind != self.spec.kind:
            raise ValueError("kind differs from the spec's")
        if coverage.judged + coverage.unjudged != coverage.planned:
            raise ValueError("judged and unjudged samples are not the planned ones")
        if sum(self.verdicts.values()) != coverage.judged:
            raise ValueError("each judged sample has one verdict")
        if sum(coverage.unjudged_reasons.values()) != coverage.unjudged:
            raise ValueError("each unjudged sample has one reason")
        if self.complete != (coverage.unjudged == 0):
            raise ValueError("a report is complete if and only if no sample is unjudged")
        if [p.k for p in self.pass_at_k][:1] != ([1] if self.complete else []):
            raise ValueError("a complete report starts with pass@1; an incomplete one has no score")
        if not self.complete and (self.repeats is not None or (self.errata is not None and self.errata.pass_at_k)):
            raise ValueError("an incomplete report has no score, in no form")
        return self
