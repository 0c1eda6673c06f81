"""The records that travel down the line, from a run's specification to its report.

    RunSpec -> Problem(TestCase...) -> SampleKey -> Completion -> Program -> CaseResult... -> SampleResult -> Report

All are frozen, strict and closed (an unknown field is an error), and the stored ones carry a schema
version. Times, hosts and attempts are telemetry: they live in fields that no digest covers, so two
deliveries of the same work compare equal. Texts of a model or a program are never fields of a
record: they may hold what JSON cannot (lone surrogates), so records name them by SHA-256 and the
bytes travel as blobs (`farm.text.encode`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from farm.ids import DEFAULT_RUNTIME, DIGEST_PATTERN, RUN_ID_PATTERN, RUNTIME_PATTERN, canonical_json, sha256_hex

SCHEMA_VERSION = 1
DEFAULT_TOLERANCE = 0.05  # tt-inference-server's EvalTaskScore.tolerance
UNSANDBOXED = "none"  # the `sandbox` of a result whose program ran without walls

Digest = Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
RunId = Annotated[str, StringConstraints(pattern=RUN_ID_PATTERN)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """Base of all records. Read with `model_validate_json`, written with `to_json`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)

    def to_json(self) -> bytes:
        """Canonical JSON: equal records give equal bytes."""
        return canonical_json(self.model_dump(mode="json"))

    def record_digest(self) -> str:
        """SHA-256 of `to_json`."""
        return sha256_hex(self.to_json())


# --- keys and outcomes --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class SampleKey:
    """The n-th attempt of a run at a problem. `str(key)` is `problem_id#index`."""

    problem_id: str
    index: int

    def __str__(self) -> str:
        return f"{self.problem_id}#{self.index}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that `str` wrote; ValueError if it is none."""
        problem_id, mark, index = text.rpartition("#")
        if not mark or not problem_id or not (index.isascii() and index.isdigit()):
            raise ValueError(f"not a sample key: {text!r} (want PROBLEM#INDEX)")
        return cls(problem_id, int(index))


class Verdict(StrEnum):
    """What became of one program. `Unjudged` is no verdict: it is the farm's own failure."""

    PASSED = "PASSED"
    WRONG_ANSWER = "WRONG_ANSWER"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    TIME_LIMIT = "TIME_LIMIT"
    MEMORY_LIMIT = "MEMORY_LIMIT"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    SYNTAX_ERROR = "SYNTAX_ERROR"
    NO_CODE = "NO_CODE"


class Difficulty(StrEnum):
    """LiveCodeBench's three steps; `UNKNOWN` for benchmarks that have none."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"
    UNKNOWN = "unknown"


def _is_none(value: object) -> bool:
    """For fields that came later: unset, they are not written, so older records keep their digests."""
    return value is None


def _is_true(value: object) -> bool:
    return value is True


def _is_empty(value: object) -> bool:
    return value == ()


def _is_blank(value: object) -> bool:
    return value == ""


def _is_default_tolerance(value: object) -> bool:
    return value == DEFAULT_TOLERANCE


def _is_default_runtime(value: object) -> bool:
    return value == DEFAULT_RUNTIME


# --- problems -----------------------------------------------------------------------------------


class TestCase(Record):
    """One test. `input` is a program's standard input, or one JSON value per line and argument."""

    __test__ = False  # not a pytest class

    input: str
    output: str
    public: bool = True


class Asserts(Record):
    """What tests that are Python need beside themselves: mode `asserts`, docs/benchmarks.md.

    Such a test's `input` is Python that raises unless the program is right; its `output` is empty. The
    names in `calls` stand for the program's functions and classes there.
    """

    calls: Annotated[tuple[str, ...], Field(min_length=1)]
    prompt: str = ""  # code that a completion continues; its other functions are known to the tests
    setup: str = ""  # executed once before the tests


class Problem(Record):
    """One problem with its tests, public ones first. Functional if `func_name` is set."""

    problem_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s#\x00-\x1f]+$")]
    title: str
    statement: str
    platform: str
    difficulty: Difficulty = Difficulty.UNKNOWN
    contest_id: str = ""
    contest_date: str = ""  # ISO 8601, empty if unknown
    starter_code: str = ""
    func_name: str | None = None
    ask: str = Field(default="", exclude_if=_is_blank)  # what an answer completes, where that is no program
    tests: tuple[TestCase, ...]
    asserts: Asserts | None = Field(default=None, exclude_if=_is_none)

    @property
    def functional(self) -> bool:
        return self.func_name is not None

    def suite(self) -> Suite:
        """What an execute worker gets of this problem. Raises pydantic's ValidationError if it has no tests."""
        return Suite(func_name=self.func_name, tests=self.tests, asserts=self.asserts)


class Suite(Record):
    """What an execute worker needs of a problem: its tests and how to call the program."""

    func_name: str | None
    tests: Annotated[tuple[TestCase, ...], Field(min_length=1)]
    asserts: Asserts | None = Field(default=None, exclude_if=_is_none)  # the tests are Python


# --- how to judge -------------------------------------------------------------------------------


class Limits(Record):
    """What one execution may use. Defaults and reasons: docs/sandbox.md."""

    cpu_s: Annotated[float, Field(gt=0, le=3600)] = 6.0
    wall_s: Annotated[float, Field(gt=0, le=7200)] = 18.0
    memory_bytes: Annotated[int, Field(ge=32 << 20, le=1 << 40)] = 1 << 30
    stdout_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stderr_bytes: Annotated[int, Field(ge=0, le=1 << 20)] = 64 << 10
    result_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stack_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 30)] = 256 << 20
    threads: Annotated[int, Field(ge=1, le=4096)] = 64
    open_files: Annotated[int, Field(ge=8, le=1024)] = 64
    program_bytes: Annotated[int, Field(ge=1, le=16 << 20)] = 1 << 20

    @model_validator(mode="after")
    def _wall_above_cpu(self) -> Self:
        if self.wall_s < self.cpu_s:
            raise ValueError("wall_s must not be below cpu_s")
        return self


LCB_MEMORY_BYTES = 4 << 30


class JudgeSpec(Record):
    """How completions become verdicts. See docs/protocols.md."""

    mode: Literal["judge", "lcb", "asserts"] = "judge"
    variant: Literal["official", "tt"] = "official"  # of mode lcb: which original grader
    comparator: Literal["lcb-text@1", "strip@1"] = "lcb-text@1"
    stop: Literal["first_failure", "all"] = "first_failure"
    # What programs find to import: an interpreter and its packages, by the name that workers give it
    runtime: Annotated[str, StringConstraints(pattern=RUNTIME_PATTERN)] = Field(
        default=DEFAULT_RUNTIME, exclude_if=_is_default_runtime
    )


def default_limits(judge: JudgeSpec) -> Limits:
    """The limits of a way of judging. Mode `lcb` has more memory: the original grader has no limit of it."""
    return Limits(memory_bytes=LCB_MEMORY_BYTES) if judge.mode == "lcb" else Limits()


class Sampling(Record):
    """What is asked of the model server. `None` means: not sent."""

    n: Annotated[int, Field(ge=1, le=10_000)] = 1
    temperature: Annotated[float, Field(ge=0, le=10)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 2048
    stop: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 42  # of the run; each sample's is ids.sample_seed


class Message(Record):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(Record):
    """What is sent for one problem: chat messages; their texts joined for a base model."""

    messages: Annotated[tuple[Message, ...], Field(min_length=1)]


# --- runs ---------------------------------------------------------------------------------------


class ServedModel(Record):
    """A model as the catalogue resolves it for one device."""

    name: str  # short name, the last part of the repo id
    repo: str  # HF repo id, the `model` of each request
    device: str
    engine: str = "vLLM"
    max_concurrency: Annotated[int, Field(ge=1)] = 32
    max_context: Annotated[int, Field(ge=1)] = 32768
    chat: bool = True  # chat endpoint; completions for base models
    # What the catalogue says of the build that serves it
    docker_image: str | None = Field(default=None, exclude_if=_is_none)
    tt_metal_commit: str | None = Field(default=None, exclude_if=_is_none)
    vllm_commit: str | None = Field(default=None, exclude_if=_is_none)


class BadRow(Record):
    """A row that could not be read and was left out at the user's wish: its problem is unjudgeable."""

    place: str  # file name and row, "test3.jsonl:17"
    problem_id: str = ""  # empty: not even that could be read
    reason: str


class DatasetRef(Record):
    """Which problems a run judges: name, source and the digest of what was selected."""

    name: str
    source: str
    digest: Digest  # over (problem_id, statement, starter code, suite) of the selected problems, in order
    problems: Annotated[int, Field(ge=1)]
    tests: Literal["all", "public"] = "all"
    skipped_rows: Count = 0
    revision: str = ""  # of the repository that its files were pulled from
    selection: str = ""  # which of the dataset's problems, in words; empty: all
    bad_rows: tuple[BadRow, ...] = ()  # of the skipped rows the first thousand
    errata: str = ""  # name and version of the errata that were looked up; empty: none are known
    flawed: dict[str, str] = Field(default_factory=dict)  # problems of this run that carry an erratum, and which
    flawed_excluded: dict[str, str] = Field(default_factory=dict)  # problems that --exclude-errata left out


class Reference(Record):
    """A score somebody else measured, in percent. One with `unlike` is shown and named, never compared with."""

    label: Literal["published", "gpu_reference"]
    score: float
    source: str = ""
    problems: Annotated[int, Field(ge=1)] | None = Field(default=None, exclude_if=_is_none)  # it was measured on
    hits: Count | None = Field(default=None, exclude_if=_is_none)  # of `problems`, one sample each
    unlike: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)  # what was not as in this run: "protocol tt"


class RegradedFrom(Record):
    """The run whose completions are judged again, and by which rules it judged them."""

    run_id: RunId
    prompted_by: str  # the protocol that made the prompts; empty if the completions came from a file
    protocol: str
    protocol_digest: Digest
    judge: JudgeSpec
    limits: Limits


class HarnessRef(Record):
    """The task of lm-evaluation-harness that a run carries out: results are written in its layout too."""

    task: str
    plan: Digest | None = Field(default=None, exclude_if=_is_none)  # what lm-eval scores by; None: farm judges itself
    environment: str = Field(default="", exclude_if=_is_blank)  # that has lm-eval


class Repairs(Record):
    """The run whose failed programs are asked for again."""

    run_id: RunId
    prompts: Digest  # blob: a Prompt by sample, of those that failed
    failed: Count


class RunSpec(Record):
    """All that decides a run's score. Resume refuses a differing one, by field."""

    schema_version: Literal[1] = 1
    kind: Literal["evaluate", "grade"]
    eval_task: str
    model: ServedModel | None  # None: the completions came from a file
    servers: tuple[str, ...] = ()
    protocol: str
    protocol_digest: Digest
    judge: JudgeSpec
    sampling: Sampling
    limits: Limits
    dataset: DatasetRef
    ks: Annotated[tuple[int, ...], Field(min_length=1)]
    references: tuple[Reference, ...] = ()
    # How far below a reference the accuracy check still passes, as a share of it
    tolerance: Annotated[float, Field(ge=0, lt=1)] = Field(default=DEFAULT_TOLERANCE, exclude_if=_is_default_tolerance)
    completions: str = ""  # kind grade: digest of the completions file
    # The completions are another run's: nothing is generated
    regraded_from: RegradedFrom | None = Field(default=None, exclude_if=_is_none)
    # A program that was executed on the same tests by the same rules is not executed again
    cache: bool = Field(default=True, exclude_if=_is_true)
    # Not: completions are all that is wanted, lm-eval scores them (docs/lm-eval.md)
    judged: bool = Field(default=True, exclude_if=_is_true)
    harness: HarnessRef | None = Field(default=None, exclude_if=_is_none)
    repairs: Repairs | None = Field(default=None, exclude_if=_is_none)

    @property
    def generates(self) -> bool:
        """Whether this run asks a model server for its completions."""
        return self.kind == "evaluate" and self.regraded_from is None

    @model_validator(mode="after")
    def _k_within_n(self) -> Self:
        if self.kind == "evaluate" and max(self.ks) > self.sampling.n:
            raise ValueError(f"pass@{max(self.ks)} needs at least {max(self.ks)} samples, n is {self.sampling.n}")
        return self


# --- what comes back ----------------------------------------------------------------------------


class Usage(Record):
    """Token counts as the server states them; None where it is silent."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None


class Completion(Record):
    """A model's answer to one sample. The text itself is the blob `text_sha256`."""

    schema_version: Literal[1] = 1
    problem_id: str
    index: Count
    form: Literal["text", "program"] = "text"  # program: already extracted, as some completion files have it
    text_sha256: Digest
    reasoning_sha256: Digest | None = None
    prompt_sha256: Digest | None = None
    finish_reason: str | None = None
    seed: int | None = None
    max_tokens: int | None = None  # as sent, after clamping
    model: str | None = None  # as the server names it
    usage: Usage = Usage()

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
    finished_at: float = 0.0  # Unix time


class CaseResult(Record):
    """One test's execution, judged. Times and sizes are telemetry."""

    index: Count
    verdict: Verdict
    detail: str = ""  # short: exception name, signal, limit; printable
    exit_code: int | None = None
    signal: int | None = None
    limit: Literal["cpu", "wall", "memory", "stdout", "result"] | None = None
    stdout_bytes: Count = 0
    stdout_sha256: Digest | None = None
    stdout_excerpt: str = ""  # printable, at most 1 KiB
    stderr_excerpt: str = ""
    truncated: bool = False  # output was cut at its cap
    rerun: bool = False  # decided by the second run, alone
    cpu_s: Seconds = 0.0
    wall_s: Seconds = 0.0
    peak_bytes: Count = 0


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
    def official(self) -> bool:
        """Whether it may enter a score: what ran without a sandbox may have been forged."""
        return self.sandbox != UNSANDBOXED

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
        return self
