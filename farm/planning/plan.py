"""From what the user asked for to a recorded plan: the run's spec, its problems, its samples.

Problems stream through one at a time: the tests go to the blob store, the prompt and what a report
groups by to the ledger. After that a run needs neither the dataset's file nor the network to resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from farm.benchmarks.registry import errata_of
from farm.datasets.load import load_problems
from farm.datasets.pulling.releases import window_in_words
from farm.datasets.reader import ReadLog
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import ProblemsDigest, Selection
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, DatasetError
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.protocols import Protocol, for_tests, render
from farm.records import (
    DEFAULT_TOLERANCE,
    Build,
    DatasetRef,
    HarnessRef,
    JudgeSpec,
    Limits,
    Problem,
    Reference,
    RunSpec,
    SampleKey,
    Sampling,
    ServedModel,
)
from farm.scoring.passk import default_ks

Tests = Literal["all", "public"]


@dataclass(frozen=True, slots=True)
class PlannedDataset:
    """The problems of a run, their tests stored. `left_out`: ids of the dataset that are none of them."""

    ref: DatasetRef
    problems: tuple[PlannedProblem, ...]
    left_out: frozenset[str] = frozenset()
    own_code: Mapping[str, str] = field(default_factory=dict)  # by problem: what the answers of some protocols continue
    python_tests: bool = False  # the tests are Python: for judge mode `asserts`, and for no other

    def refuse_other(self, judge: JudgeSpec, *, task: str = "") -> None:
        """ConfigError for a judge that these tests are not for. `task`: what brought the judge, and takes no other."""
        if self.python_tests == (judge.mode == "asserts"):
            return
        kind = "Python asserts" if self.python_tests else "inputs and outputs"
        names = ", ".join(for_tests(python=self.python_tests))
        remedy = f"choose --protocol {names}, and no --judge of another kind"
        if task:
            remedy = f"leave out --dataset: --task {task} brings its own; or leave out --task, and {remedy}"
        raise ConfigError(
            f"the tests of {self.ref.name} are {kind}, which judge mode {judge.mode} cannot use", remedy=remedy
        )


def plan_dataset(
    source: DatasetSource,
    selection: Selection,
    store: BlobStore,
    *,
    tests: Tests,
    skip_bad_rows: bool,
    protocol: Protocol | None,
    exclude_errata: bool = False,
    first_tests: int | None = None,
    on_problem: Callable[[int], None] = lambda done: None,
) -> PlannedDataset:
    """Load, select and store. `protocol` renders the prompts; None for a run that only grades.

    With `first_tests` only so many tests of a problem are shown and judged, as a task of lm-eval may want it.
    `on_problem` hears how many problems are stored. Raises DatasetError with path and row.
    """
    errata = errata_of(source.dataset)
    if exclude_errata:
        selection = replace(selection, without=selection.without | errata.problems.keys())
    log, digest = ReadLog(), ProblemsDigest()
    problems = []
    kinds: set[bool] = set()
    own_code: dict[str, str] = {}
    for problem in load_problems(source, selection, tests=tests, skip_bad_rows=skip_bad_rows, log=log):
        kinds.add(problem.asserts is not None)
        if first_tests is not None:
            problem = problem.model_copy(update={"tests": problem.tests[:first_tests]})
        planned = _planned(problem, store, protocol)
        digest.add_stored(problem, planned.suite_digest)
        if code := problem.suite().own_code:
            own_code[problem.problem_id] = code
        problems.append(planned)
        del problem  # its tests may take 100 MB, and the next one's come before the name is bound again
        on_problem(len(problems))
    if not problems:
        raise DatasetError("no problem is left to judge", path=source.source)
    if len(kinds) > 1:
        raise DatasetError("tests that are Python and others do not go into one run", path=source.source)
    ref = DatasetRef(
        name=source.name,
        source=source.source,
        digest=digest.hexdigest(),
        problems=len(problems),
        tests=tests,
        skipped_rows=log.skipped,
        revision=source.revision,
        selection=selection.in_words(),
        part=_part(source, selection),
        bad_rows=tuple(log.bad),
        errata=errata.version,
        flawed={p.problem_id: errata.problems[p.problem_id] for p in problems if p.problem_id in errata.problems},
        flawed_excluded={name: reason for name, reason in errata.problems.items() if name in log.excluded},
    )
    left_out = (log.unselected | {row.problem_id for row in log.bad}) - {p.problem_id for p in problems}
    return PlannedDataset(ref, tuple(problems), frozenset(left_out), own_code, python_tests=kinds == {True})


def _part(source: DatasetSource, selection: Selection) -> str:
    """Which files and contest dates of a benchmark with releases these are; empty for other datasets."""
    window = window_in_words(selection.date_from, selection.date_to)
    return f"{source.part}; of these {window}" if source.part and window else source.part


def _planned(problem: Problem, store: BlobStore, protocol: Protocol | None) -> PlannedProblem:
    return PlannedProblem(
        problem_id=problem.problem_id,
        title=problem.title,
        platform=problem.platform,
        difficulty=problem.difficulty.value,
        contest_date=problem.contest_date,
        prompt=None if protocol is None else render(protocol, problem).to_json().decode(),
        suite_digest=store.put(problem.suite().to_json()),
        tests=len(problem.tests),
        statement=problem.statement,
    )


def check_ks(ks: Iterable[int] | None, n: int) -> tuple[int, ...]:
    """The k of pass@k to report: those asked for, or all usual ones up to n. ConfigError for k > n."""
    if ks is None:
        return tuple(default_ks(n))
    wanted = tuple(sorted(set(ks)))
    if not wanted or wanted[0] < 1:
        raise ConfigError("--k must be 1 or more")
    if wanted[-1] > n:
        raise ConfigError(
            f"pass@{wanted[-1]} needs at least {wanted[-1]} samples per problem, but n is {n}",
            remedy=f"give --n {wanted[-1]} or a k up to {n}",
        )
    return wanted


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a run is asked and judged: all that decides its score besides the model and the problems."""

    eval_task: str
    protocol: Protocol
    judge: JudgeSpec
    sampling: Sampling
    limits: Limits
    ks: tuple[int, ...]  # of pass@k
    references: tuple[Reference, ...] = ()
    tolerance: float = DEFAULT_TOLERANCE
    cache: bool = True
    judged: bool = True  # False: completions are all that is wanted, lm-eval scores them
    harness: HarnessRef | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated: a model, its build, and what the user calls it. Nothing of it decides how it is measured."""

    model: ServedModel | None = None  # None: not known, of completions that came from a file
    build: Build = field(default_factory=Build)
    labels: Mapping[str, str] = field(default_factory=dict)


def evaluation_spec(dataset: PlannedDataset, subject: Subject, servers: tuple[str, ...], rules: Rules) -> RunSpec:
    """A run that generates n samples per problem and, if it is judged here, judges them.

    ConfigError for a judge of other tests.
    """
    if rules.judged:
        dataset.refuse_other(rules.judge, task="" if rules.harness is None else rules.harness.task)
    return RunSpec(
        kind="evaluate",
        eval_task=rules.eval_task,
        model=subject.model,
        servers=servers,
        build=subject.build,
        labels=dict(subject.labels),
        protocol=rules.protocol.ident,
        protocol_digest=rules.protocol.digest(),
        judge=rules.judge,
        sampling=rules.sampling,
        limits=rules.limits,
        dataset=dataset.ref,
        ks=rules.ks,
        references=rules.references,
        tolerance=rules.tolerance,
        cache=rules.cache,
        judged=rules.judged,
        harness=rules.harness,
    )


def plan_evaluation(ledger: Ledger, run_id: str, dataset: PlannedDataset, spec: RunSpec) -> None:
    """Record the run of `evaluation_spec` with all its samples."""
    keys = (SampleKey(p.problem_id, index) for p in dataset.problems for index in range(spec.sampling.n))
    ledger.create_run(run_id, spec, dataset.problems, keys)
