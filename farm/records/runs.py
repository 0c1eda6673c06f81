"""What a run is: its model, dataset, reference and rules."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from farm.records.base import (
    DEFAULT_TOLERANCE,
    Count,
    Digest,
    Record,
    RunId,
    is_blank,
    is_empty,
    is_false,
    is_none,
)
from farm.records.judging import JudgeSpec
from farm.records.limits import Limits
from farm.records.phases import Stage
from farm.records.sampling import Sampling


class ServedModel(Record):
    """A model as the catalogue resolves it for one device."""

    name: str  # short name, the last part of the repo id
    repo: str  # HF repo id; of a model that the catalogue does not have, the name that it was asked for by
    served_as: str = Field(default="", exclude_if=is_blank)  # the `model` of each request, where that is another name
    base: str = Field(default="", exclude_if=is_blank)  # what its server says that it is made from, or an alias of
    device: str
    engine: str = "vLLM"
    max_concurrency: Annotated[int, Field(ge=1)] = 32
    max_context: Annotated[int, Field(ge=1)] = 32768
    chat: bool = True  # chat endpoint; completions for base models
    any_name: bool = False  # the user takes answers of a server that serves another name (llama.cpp answers for any)

    @property
    def request_name(self) -> str:
        """The `model` of each request."""
        return self.served_as or self.repo


class Build(Record):
    """Which build of the model and its server gave the answers, as far as the user, farm or the server says it.

    The catalogue's image is a build only where farm started that image.
    """

    name: str = ""  # empty: unknown
    told_by: Literal["", "user", "farm", "server"] = ""  # farm: it started the server
    tt_metal_commit: str | None = None
    vllm_commit: str | None = None

    @property
    def known(self) -> bool:
        return bool(self.name)


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
    # Of a benchmark with releases: which of its files and contest dates were measured, in words
    part: str = Field(default="", exclude_if=is_blank)
    bad_rows: tuple[BadRow, ...] = ()  # of the skipped rows the first thousand
    errata: str = ""  # name and version of the errata that were looked up; empty: none are known
    flawed: dict[str, str] = Field(default_factory=dict)  # problems of this run that carry an erratum, and which
    flawed_excluded: dict[str, str] = Field(default_factory=dict)  # problems that --exclude-errata left out


class Reference(Record):
    """A published score, in percent. One with `unlike` is shown and named, never compared with."""

    label: Literal["published", "gpu_reference"]
    score: float
    source: str = ""
    problems: Annotated[int, Field(ge=1)] | None = None  # it was measured on
    hits: Count | None = None  # of `problems`, one sample each
    unlike: tuple[str, ...] = ()  # what was not as in this run: "protocol tt"
    subset: Annotated[bool, Field(exclude_if=is_false)] = False  # it was measured on the part that this run takes
    # How far below it the accuracy check still passes; None: as the run says
    tolerance: Annotated[float | None, Field(ge=0, lt=1, exclude_if=is_none)] = None


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
    plan: Digest | None = None  # what lm-eval scores by; None: farm judges itself
    environment: str = ""  # that has lm-eval
    # Which of lm-eval's figures are the score, and how they become one (farm.scoring.harness.score); empty: unknown
    result_keys: Annotated[tuple[str, ...], Field(exclude_if=is_empty)] = ()
    score_func: Annotated[str, Field(exclude_if=is_blank)] = ""


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
    build: Build = Field(default_factory=Build)
    labels: dict[str, str] = Field(default_factory=dict)  # what the user says of the build, by name
    protocol: str
    protocol_digest: Digest
    judge: JudgeSpec
    sampling: Sampling
    limits: Limits
    dataset: DatasetRef
    ks: Annotated[tuple[int, ...], Field(min_length=1)]
    references: tuple[Reference, ...] = ()
    # How far below a reference the accuracy check still passes, as a share of it
    tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT_TOLERANCE
    completions: str = ""  # kind grade: digest of the completions file
    imported_from: str = ""  # the tool that wrote this file; empty: not known
    given_programs: Count = 0  # of the completions: those whose program was extracted elsewhere
    # The completions are another run's: nothing is generated
    regraded_from: RegradedFrom | None = None
    # A program that was executed on the same tests by the same rules is not executed again
    cache: bool = True
    # Not: completions are all that is wanted, lm-eval scores them (docs/lm-eval.md)
    judged: bool = True
    harness: HarnessRef | None = None
    repairs: Repairs | None = None

    @property
    def generates(self) -> bool:
        """Whether this run asks a model server for its completions."""
        return self.kind == "evaluate" and self.regraded_from is None

    @property
    def environment(self) -> str:
        """The evaluation environment in which lm-eval scores it; empty if lm-eval does not."""
        return "" if self.harness is None else self.harness.environment

    @property
    def after_completion(self) -> Stage | None:
        """The stage after generation; None where completions are all that is wanted."""
        if self.judged:
            return Stage.EXECUTE
        return Stage.SCORE if self.harness is not None and self.harness.plan is not None else None

    @model_validator(mode="after")
    def _k_within_n(self) -> Self:
        if self.kind == "evaluate" and max(self.ks) > self.sampling.n:
            raise ValueError(f"pass@{max(self.ks)} needs at least {max(self.ks)} samples, n is {self.sampling.n}")
        return self
