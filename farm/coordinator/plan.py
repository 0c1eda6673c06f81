"""From what the user asked for to a recorded plan: the run's spec, its problems, its samples.

Problems stream through one at a time: the tests go to the blob store, the prompt and what a report
groups by to the ledger. After that a run needs neither the dataset's file nor the network to resume.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farm.coordinator.journal import CompletionEntry
from farm.coordinator.ledger import Ledger, PlannedProblem
from farm.datasets.completions import CompletionRow, read_completions
from farm.datasets.load import load_problems
from farm.datasets.reader import ReadLog
from farm.datasets.resolve import DatasetSource
from farm.datasets.select import ProblemsDigest, Selection
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, DatasetError
from farm.ids import sha256_hex
from farm.protocols import Protocol, render
from farm.records import (
    Completion,
    DatasetRef,
    GenerateTelemetry,
    JudgeSpec,
    Limits,
    Problem,
    Reference,
    RunSpec,
    SampleKey,
    Sampling,
    ServedModel,
    Suite,
)
from farm.scoring.passk import default_ks
from farm.text import encode

Tests = Literal["all", "public"]


@dataclass(frozen=True, slots=True)
class PlannedDataset:
    """The problems of a run, their tests stored."""

    ref: DatasetRef
    problems: tuple[PlannedProblem, ...]


def plan_dataset(
    source: DatasetSource,
    selection: Selection,
    store: BlobStore,
    *,
    tests: Tests,
    skip_bad_rows: bool,
    protocol: Protocol | None,
) -> PlannedDataset:
    """Load, select and store. `protocol` renders the prompts; None for a run that only grades.

    Raises DatasetError with path and row.
    """
    log, digest = ReadLog(), ProblemsDigest()
    problems = []
    for problem in load_problems(source, selection, tests=tests, skip_bad_rows=skip_bad_rows, log=log):
        digest.add(problem)
        problems.append(_planned(problem, store, protocol))
    if not problems:
        raise DatasetError("no problem is left to judge", path=source.source)
    ref = DatasetRef(
        name=source.name,
        source=source.source,
        digest=digest.hexdigest(),
        problems=len(problems),
        tests=tests,
        skipped_rows=log.skipped,
    )
    return PlannedDataset(ref, tuple(problems))


def _planned(problem: Problem, store: BlobStore, protocol: Protocol | None) -> PlannedProblem:
    suite = Suite(func_name=problem.func_name, tests=problem.tests)
    return PlannedProblem(
        problem_id=problem.problem_id,
        title=problem.title,
        platform=problem.platform,
        difficulty=problem.difficulty.value,
        contest_date=problem.contest_date,
        prompt=None if protocol is None else render(protocol, problem).to_json().decode(),
        suite_digest=store.put(suite.to_json()),
        tests=len(problem.tests),
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


def plan_evaluation(
    ledger: Ledger,
    run_id: str,
    dataset: PlannedDataset,
    *,
    eval_task: str,
    model: ServedModel,
    servers: tuple[str, ...],
    protocol: Protocol,
    judge: JudgeSpec,
    sampling: Sampling,
    limits: Limits,
    ks: tuple[int, ...],
    references: tuple[Reference, ...],
) -> RunSpec:
    """Record a run that generates n samples per problem and judges them."""
    spec = RunSpec(
        kind="evaluate",
        eval_task=eval_task,
        model=model,
        servers=servers,
        protocol=protocol.ident,
        protocol_digest=protocol.digest(),
        judge=judge,
        sampling=sampling,
        limits=limits,
        dataset=dataset.ref,
        ks=ks,
        references=references,
    )
    keys = (SampleKey(p.problem_id, index) for p in dataset.problems for index in range(sampling.n))
    ledger.create_run(run_id, spec, dataset.problems, keys)
    return spec


def plan_grading(
    ledger: Ledger,
    run_id: str,
    dataset: PlannedDataset,
    completions: Path,
    *,
    protocol: Protocol,
    judge: JudgeSpec,
    limits: Limits,
) -> RunSpec:
    """Record a run that judges completions which exist already, and the completions themselves."""
    known = {problem.problem_id for problem in dataset.problems}
    hasher, counts = hashlib.sha256(), Counter[str]()
    keys: list[SampleKey] = []
    for row in read_completions(completions):
        if row.question_id not in known:
            raise DatasetError(
                f"question_id {row.question_id} is not in the dataset", path=str(completions), row=row.row
            )
        keys.append(SampleKey(row.question_id, row.index))
        counts[row.question_id] += 1
        entry = _entry(row)
        hasher.update(entry.completion.to_json() + b"\n")
    fewest = min(counts.values())
    spec = RunSpec(
        kind="grade",
        eval_task="grade",
        model=None,
        protocol=protocol.ident,
        protocol_digest=protocol.digest(),
        judge=judge,
        sampling=Sampling(n=fewest),
        limits=limits,
        dataset=dataset.ref,
        ks=tuple(default_ks(fewest)),
        completions=hasher.hexdigest(),
    )
    entries = (_entry(row) for row in read_completions(completions))
    ledger.create_run(run_id, spec, dataset.problems, keys, entries)
    return spec


def _entry(row: CompletionRow) -> CompletionEntry:
    if row.code is not None:
        form: Literal["text", "program"] = "program"
        text = encode(row.code)
    else:
        form, text = "text", encode(row.output or "")
    completion = Completion(problem_id=row.question_id, index=row.index, form=form, text_sha256=sha256_hex(text))
    return CompletionEntry(completion, GenerateTelemetry(), text)
