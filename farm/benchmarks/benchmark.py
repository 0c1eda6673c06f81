"""The record of a benchmark: all that farm knows of it.

Data and pure functions. A benchmark is used where runs are planned and shown. Workers need nothing of it but its
checkers, because a job carries the prompt, or the program with the digest of its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from farm.benchmarks.checker import Checker
from farm.benchmarks.rows import Fields, Header, Tests
from farm.records import Problem, Protocol

Extractor = Callable[[str, str], str]
"""Makes a program of an answer and the problem's own code; empty if there is none. Pure and total."""

NAME_PATTERN = r"^[a-z][a-z0-9_-]*$"
CHECKER_PATTERN = r"^[a-z][a-z0-9_-]*@[1-9][0-9]*$"

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Rows:
    """How rows of the benchmark are recognised and read. Both functions raise `RowError` for a row that is wrong."""

    marks: Annotated[frozenset[str], Field(min_length=1)]  # fields that no other benchmark's rows have together
    header_of: Callable[[Fields], Header]  # must not decode the tests: a selection looks at each row of gigabytes
    problem_of: Callable[[Fields, Tests], Problem]


@dataclass(frozen=True, config=_CLOSED)
class DataFile:
    """One file: its name, its rows in the usual revision, and the SHA-256 of the copy farm was tested with."""

    name: Annotated[str, StringConstraints(pattern=r"^[^/\x00]+$")]
    rows: Annotated[int, Field(ge=0)]
    sha256: str = ""  # empty: not known


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Download:
    """Where `farm dataset pull` gets the files. `url` takes {endpoint}, {repo}, {revision} and {file}."""

    files: Annotated[tuple[DataFile, ...], Field(min_length=1)]
    url: str
    revision: str  # the usual one: a branch
    repo: str = ""  # on the Hugging Face hub; HF_ENDPOINT and HF_TOKEN are for it
    releases: tuple[str, ...] = ()  # running totals: the i-th release is the first i files
    columns: tuple[str, ...] = ()  # the rows' fields, all of them text: for the `datasets` library, which would guess

    @model_validator(mode="after")
    def _can_be_asked_for(self) -> Self:
        if self.releases and len(self.releases) != len(self.files):
            raise ValueError(f"{len(self.releases)} releases of {len(self.files)} files: each release adds one file")
        try:
            self.url_of(self.files[0], "", self.revision)
        except (KeyError, IndexError, ValueError) as exc:
            raise ValueError(f"url {self.url} cannot be filled in: {exc}") from exc
        return self

    def url_of(self, file: DataFile, endpoint: str, revision: str) -> str:
        """Where the file lies. `endpoint` is the hub's address."""
        return self.url.format(endpoint=endpoint.rstrip("/"), repo=self.repo, revision=revision, file=file.name)


@dataclass(frozen=True, config=_CLOSED)
class Errata:
    """What is known to be wrong with a benchmark's problems.

    They never change a score by themselves: a report names its problems that have one and gives a second score
    without them. `version` is empty where there is no such list.
    """

    version: str = ""
    problems: Mapping[str, str] = Field(default_factory=dict)  # problem id -> reason


@dataclass(frozen=True, config=_CLOSED)
class HubData:
    """Where lm-eval finds a task's documents on the Hugging Face hub."""

    path: str
    name: str | None
    split: str = "test"


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class LmEvalTask:
    """A code task of lm-evaluation-harness that farm runs and judges itself: `farm submit --task NAME`.

    lm-eval executes what a model wrote in the process that holds everything else. Here the task is a dataset, a
    protocol with the task's prompt, sampling and extraction, and the names under which lm-eval reports the score.
    """

    name: str
    dataset: str  # what `--dataset` takes by default
    protocol: str  # name@version
    metrics: tuple[str, ...]
    filter: str
    hub: HubData
    version: float
    eval_protocol: str = ""  # the protocol of `--eval-task NAME`, where that is not lm-eval's
    release: str = ""  # the release or slice of the dataset that counts, as `--release` takes it; empty: all
    platform: str | None = None  # the part of the dataset that counts
    tests: int | None = None  # only so many of a problem's tests are shown and judged; None: all
    shots: int = 0  # worked examples in the prompt

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of lm-eval's results, such as `pass@1,create_test`."""
        return tuple(f"{metric},{self.filter}" for metric in self.metrics)


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Benchmark:
    """One benchmark. Only the name is required: each field adds something that farm can do with it."""

    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=60)]  # for `--dataset`, and in reports
    rows: Rows | None = None  # None: its files have the rows of another benchmark
    bundled: Path | None = None  # a file of rows that comes with the package
    download: Download | None = None
    protocols: tuple[Protocol, ...] = ()
    follow_ups: tuple[Protocol, ...] = ()  # ask again about the programs of an earlier run, so no dataset has them
    extractors: Mapping[str, Extractor] = Field(default_factory=dict)  # by the name that `Extraction.function` has
    checkers: Mapping[Annotated[str, StringConstraints(pattern=CHECKER_PATTERN)], Checker] = Field(
        default_factory=dict
    )  # by name@version, for `AnswerRule.checker`; the package must be installed on execute workers, too
    errata: Errata = Errata()
    lm_eval_tasks: tuple[LmEvalTask, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = {protocol.extraction.function for protocol in (*self.protocols, *self.follow_ups)} - {""}
        if missing := sorted(wanted - self.extractors.keys()):
            raise ValueError(f"extractors has no {', '.join(missing)}, which a protocol names")
        return self
