"""What a caller asks of farm: one frozen record for each use case.

The command line and the Python API make these, `farm.app` turns them into a plan and a run, and nothing changes
them on the way. A `Sampling`, `JudgeSpec` or `Limits` in a request holds what the caller chose: the fields that it
was made with (`farm.records.fields.with_changes`). The rest comes from the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from farm.config import HEADERS, Settings
from farm.datasets.select import Selection
from farm.errors import ConfigError
from farm.lm_eval.runs.task import TaskChoice
from farm.planning.plan import Subject, Tests
from farm.protocols import Protocol
from farm.records import Build, DriveOptions, JudgeSpec, Limits, Sampling, ServedModel
from farm.records.fields import options_of
from farm.records.judging import with_chosen_judge
from farm.sandbox.confinement import Confinement


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is driven from here and where its report goes. Nothing of it changes a score.

    ConfigError for `detach` with an option that only this process could follow.
    """

    drive: DriveOptions = field(default_factory=DriveOptions)
    workers: int | None = None  # execute slots of the embedded stack; None: one per core
    confinement: Confinement = field(default_factory=Confinement)  # of the embedded stack's programs
    out: Path | None = None  # folder of the report's files; None: a folder of FARM_HOME
    detach: bool = False  # leave the run to a farm coordinator
    by_service: bool = False  # this process was started by a farm coordinator

    def __post_init__(self) -> None:
        if self.detach and (self.out or self.workers or self.confinement != Confinement()):
            raise ConfigError(
                "--detach leaves out, workers and sandbox to the coordinator and its workers",
                remedy="leave these options out; later: farm report RUN --out FOLDER",
            )

    def on(self, servers: tuple[str, ...]) -> Self:
        """The same with these model servers."""
        return replace(self, drive=self.drive.model_copy(update={"servers": servers}))


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """An entry of the catalogue. `engine` and `impl` choose where a model has several on a device."""

    model: str = ""  # short name or HF repo id; empty: what the server of this host serves
    device: str | None = None  # None: a server's model as it is, by what the server says of it
    engine: str | None = None
    impl: str | None = None
    catalogue: tuple[Path, ...] = ()  # files in place of FARM_CATALOGUE's
    force: bool = False  # also where Tenstorrent's `tt` marks the model broken on the device


@dataclass(frozen=True, slots=True)
class ProblemChoice:
    """Which problems of which dataset, and which of their tests."""

    dataset: str | None = None  # a known name, a file or a folder; None: the default of the use case
    release: str | None = None  # of LiveCodeBench: v1 to v6
    selection: Selection = field(default_factory=Selection)
    tests: Tests = "all"
    skip_bad_rows: bool = False
    exclude_errata: bool = False


@dataclass(frozen=True, slots=True)
class Judging:
    """How programs are judged, where that is not as the protocol says."""

    judge: JudgeSpec = field(default_factory=JudgeSpec)
    limits: Limits = field(default_factory=Limits)
    cache: bool = True  # take over the verdict of an identical program on identical tests

    def judge_of(self, protocol: Protocol) -> JudgeSpec:
        """The protocol's judge with what was chosen."""
        return with_chosen_judge(protocol.judge, self.judge)


@dataclass(frozen=True, slots=True)
class BuildChoice:
    """What the user says of the build behind the answers. `labels`: pairs of name and value."""

    build: str = ""  # empty: as the server says, or as farm started it
    labels: tuple[tuple[str, str], ...] = ()

    def subject(self, model: ServedModel | None, asked: Callable[[], Build] = Build) -> Subject:
        """The model as its run is labelled; `asked` says which build it is where the user does not."""
        build = Build(name=self.build, told_by="user") if self.build else asked()
        return Subject(model, build, dict(self.labels))


@dataclass(frozen=True, slots=True)
class ServerChoice:
    """Where the model servers are. `wait_s`: how long to wait for one that is not ready yet."""

    urls: tuple[str, ...] = ()  # none: FARM_SERVER_URL, else the default
    wait_s: float = 0.0
    any_model: bool = False  # also one that serves a model of another name and answers all the same
    headers: Mapping[str, SecretStr] = field(default_factory=dict)  # of each request, besides FARM_SERVER_HEADERS

    def settings(self, settings: Settings) -> Settings:
        """The settings with the added headers. ConfigError if workers would not get them."""
        if not self.headers:
            return settings
        if settings.broker_url is not None:
            raise ConfigError(
                "--header is for workers that farm starts itself: a value in Redis would be no secret",
                remedy=f"set {HEADERS} where the generate workers run, and here",
            )
        return settings.with_server_headers(self.headers)


@dataclass(frozen=True, slots=True)
class StartServer:
    """Start the catalogue's model server on this host, unless it runs."""

    port: int = 8000
    image: str | None = None  # in place of the catalogue's
    weights: Path | None = None  # a folder, or a GGUF file


@dataclass(frozen=True, slots=True)
class SuiteChoice:
    """All eval tasks of the model. `documents`: of some tasks only these, by their place, whatever the mode says."""

    mode: str = "full"  # how many documents of each task: tt-inference-server's names
    documents: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Generate samples with a model, and judge them. `task` runs a task of lm-evaluation-harness instead, `suite` all
    tasks that the model has."""

    model: ModelChoice
    served_name: str | None = None  # the `model` of each request, where the server has another name for it
    problems: ProblemChoice = field(default_factory=ProblemChoice)
    task: TaskChoice | None = None
    suite: SuiteChoice | None = None
    mode: str = ""  # of a suite, whose documents the problems are: scores on them may be known; empty: of none
    eval_task: str | None = None
    protocol: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    ks: tuple[int, ...] = ()  # of pass@k; none: all usual ones
    judging: Judging = field(default_factory=Judging)
    servers: ServerChoice = field(default_factory=ServerChoice)
    start_server: StartServer | None = None
    build: BuildChoice = field(default_factory=BuildChoice)
    run_id: str | None = None  # None: a new name
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        chosen = self.sampling.model_fields_set
        for name, (_, option) in options_of(Sampling).items():
            if name in chosen and option.sent_as and not self.sampling.sends(option.sent_as):
                raise ConfigError(f"{option.flag} sets what --omit {option.sent_as} leaves out", remedy="choose one")


@dataclass(frozen=True, slots=True)
class GradeRequest:
    """Judge completions that exist already. `foreign`: the file is another tool's output.

    A protocol that is named reads the answers, also of completions whose program the file has.
    """

    problems: ProblemChoice
    completions: Path
    protocol: str | None = None  # None: official, for answers that come without a program
    judging: Judging = field(default_factory=Judging)
    run_id: str | None = None
    foreign: bool = False
    model: str = ""  # that gave the answers, for tables, trends and exports; empty: not known
    device: str = ""
    build: BuildChoice = field(default_factory=BuildChoice)
    options: RunOptions = field(default_factory=RunOptions)


@dataclass(frozen=True, slots=True)
class RegradeRequest:
    """Judge the stored completions of a run again, as a new run."""

    source: str  # the run
    protocol: str | None = None  # None: that of the source
    judging: Judging = field(default_factory=Judging)
    run_id: str | None = None
    options: RunOptions = field(default_factory=RunOptions)


@dataclass(frozen=True, slots=True)
class RepairRequest:
    """Ask a run's model to repair its failed programs, as a new run."""

    source: str  # the run
    servers: ServerChoice = field(default_factory=ServerChoice)
    run_id: str | None = None
    options: RunOptions = field(default_factory=RunOptions)


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """Continue a run, on other servers where `servers` names some."""

    run_id: str
    servers: ServerChoice = field(default_factory=ServerChoice)
    options: RunOptions = field(default_factory=RunOptions)


@dataclass(frozen=True, slots=True)
class GateRequest:
    """Pass or fail a run. `alpha` and `beta` are shares of 1, `loss` is in points of pass@1 (of 100).

    ConfigError unless it is held either against runs or against its reference score.
    """

    run_id: str | None = None  # None: only where `sequential` makes a new run
    against: tuple[str, ...] = ()
    reference: bool = False
    tt_rule: bool = False
    allow_subset: bool = False  # hold the run's problems against what it is compared with, though it lacks some
    sequential: bool = False
    alpha: float = 0.05
    loss: float = 5.0
    beta: float = 0.1
    servers: ServerChoice = field(default_factory=ServerChoice)
    name: str | None = None  # of the new run
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        if bool(self.against) == self.reference:
            raise ConfigError("farm gate holds a run against one thing", remedy="give --against REF or --reference")
        if self.sequential and self.reference:
            raise ConfigError(
                "a reference score says nothing of single problems", remedy="--sequential needs --against REF"
            )
        if self.sequential and self.allow_subset:
            raise ConfigError("--allow-subset is for stored runs: --sequential asks part of the problems anyway")
        if not self.sequential and self.run_id is None:
            raise ConfigError("farm gate wants a run", remedy="list them with: farm runs")
        if not self.sequential and len(self.against) > 1:
            raise ConfigError("several --against are for --sequential")
