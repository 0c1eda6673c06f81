"""Judging the stored completions of a run again, as a new run.

The new run has its own copy of the completions and the source's problems and suites, so it needs
neither a model server nor the dataset's file, and outlives the source. What the source lacks is
unjudged here: a score over what happens to be there would be another run's score.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from farm.datasets.store import BlobStore
from farm.errors import ConfigError, DigestMismatch, RunIncomplete
from farm.ledger import history
from farm.ledger.journal import Journal
from farm.ledger.ledger import Ledger, RunRow
from farm.planning.plan import PlannedDataset
from farm.protocols import Protocol
from farm.records import JudgeSpec, Limits, Reference, RegradedFrom, RunSpec, StoredCompletion

BATCH = 100  # completions in memory


def prompted_by(spec: RunSpec) -> str:
    """The protocol that made the prompts of a run's completions; empty if they came from a file."""
    if spec.regraded_from is not None:
        return spec.regraded_from.prompted_by
    return spec.protocol if spec.kind == "evaluate" else ""


def plan_regrade(
    ledger: Ledger,
    run_id: str,
    source: RunRow,
    store: BlobStore,
    *,
    protocol: Protocol,
    judge: JudgeSpec,
    limits: Limits,
    references: tuple[Reference, ...],
    cache: bool,
) -> RunSpec:
    """Record a run that judges what `source` holds. `store` is where its test suites are.

    Raises RunIncomplete if the source holds no completion, DigestMismatch if the tests of one are gone,
    LedgerCorrupt if a completion is not what was written, ConfigError for a judge that these tests are not
    for. Nothing is recorded then.
    """
    if not source.spec.judged:
        raise ConfigError(f"run {source.run_id} has no tests: lm-eval scores its completions")
    states = history.sample_states(ledger, source.run_id)
    answered = {state.key.problem_id for state in states if state.completed}
    if not answered:
        raise RunIncomplete(
            f"run {source.run_id} holds no completion to judge again", remedy=f"first: farm resume {source.run_id}"
        )
    problems = history.problems(ledger, source.run_id)
    python_tests = source.spec.judge.mode == "asserts"
    PlannedDataset(source.spec.dataset, tuple(problems), python_tests=python_tests).refuse_other(judge)
    gone = [p.problem_id for p in problems if p.problem_id in answered and p.suite_digest not in store]
    if gone:
        raise DigestMismatch(
            f"the stored tests of {len(gone)} problem(s) of run {source.run_id} are gone, of {gone[0]} first",
            remedy="bring back the folder blobs of FARM_HOME that the run was made with",
        )
    spec = source.spec
    regraded = RunSpec(
        **{
            **dict(spec),
            "protocol": protocol.ident,
            "protocol_digest": protocol.digest(),
            "judge": judge,
            "limits": limits,
            "references": references,
            "cache": cache,
            # Programs without an answer stay as they are; the others are extracted again under another protocol
            "given_programs": spec.given_programs
            if protocol.ident == spec.protocol
            else _without_answer(ledger, source),
            "harness": None,  # its task is what the source carried out
            "regraded_from": RegradedFrom(
                run_id=source.run_id,
                prompted_by=prompted_by(spec),
                protocol=spec.protocol,
                protocol_digest=spec.protocol_digest,
                judge=spec.judge,
                limits=spec.limits,
            ),
        }
    )
    extract = protocol.ident != spec.protocol
    completions = (_carried_over(stored, extract=extract) for stored in history.completions(ledger, source.run_id))
    asked = (replace(p, statement=history.statement(ledger, source.run_id, p.problem_id)) for p in problems)
    ledger.create_run(run_id, regraded, asked, [state.key for state in states], completions)
    return regraded


def take_over(ledger: Ledger, journal: Journal, source: RegradedFrom) -> None:
    """Take completions that the source got since, and give up the samples that it has none for.

    Called each time the run is driven, so a resume of both runs, the source first, completes this one.
    """
    missing = [s.key for s in history.sample_states(ledger, journal.run_id) if not s.completed and s.unjudged is None]
    if not missing:
        return
    wanted = set(missing)
    extract = ledger.run(journal.run_id).spec.protocol != source.protocol
    found = (_carried_over(c, extract=extract) for c in history.completions(ledger, source.run_id) if c.key in wanted)
    while batch := list(islice(found, BATCH)):
        journal.record_completions(batch)
        wanted -= {stored.key for stored in batch}
    lacking = [key for key in missing if key in wanted]
    journal.record_unjudged(lacking, "generate", f"run {source.run_id} holds no completion")


def _carried_over(stored: StoredCompletion, *, extract: bool) -> StoredCompletion:
    """Under another protocol a program is extracted from the answer again, whoever extracted the recorded one."""
    if not extract or stored.program is None:
        return stored
    completion = stored.completion.model_copy(update={"program_sha256": None})
    return replace(stored, completion=completion, program=None)


def _without_answer(ledger: Ledger, source: RunRow) -> int:
    return sum(stored.completion.form == "program" for stored in history.completions(ledger, source.run_id))
