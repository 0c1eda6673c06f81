"""What the ledger says about a run: for resuming it, for judging it again, for its report.

Rows are verified as they are read: a record that does not match its digest, or a text that does not
match the digest in its record, raises LedgerCorrupt with the place. Nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
import zstandard
from pydantic import ValidationError

from farm.errors import LedgerCorrupt
from farm.ids import sha256_hex
from farm.ledger import tables
from farm.ledger.executions import RuntimeIdentity, digest_of, runtime_of
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import TIER_NONE, Completion, GenerateTelemetry, SampleKey, SampleResult, StoredCompletion, Verdict
from farm.records.phases import Stage
from farm.text import decode

R = TypeVar("R", Completion, SampleResult)
EARLIER_RUNS = 3  # that tell how long answers will be


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The stage at which a sample was given up, and why. As text: `stage: reason`."""

    stage: Stage
    reason: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SampleState:
    """How far a planned sample has come."""

    key: SampleKey
    completed: bool
    verdict: str | None
    official: bool  # the verdict, if there is one, may enter a score
    unjudged: GivenUp | None
    failures: dict[str, int]  # failed attempts by stage


@dataclass(frozen=True, slots=True)
class PlannedSamples:
    """The samples of a plan in little memory: most problems have the indexes 0 to n-1."""

    by_problem: Mapping[str, Container[int]]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, SampleKey) and key.index in self.by_problem.get(key.problem_id, ())


def problems(ledger: Ledger, run_id: str) -> list[PlannedProblem]:
    """The planned problems, in dataset order; without their statements."""
    t = tables.problems
    columns = [t.c[field.name] for field in fields(PlannedProblem) if field.name != "statement"]
    with ledger.read() as db:
        rows = db.execute(sa.select(*columns).where(t.c.run_id == run_id).order_by(t.c.position))
        return [PlannedProblem(**row) for row in rows.mappings()]


def unfinished_problems(ledger: Ledger, run_id: str) -> set[str]:
    """The ids of problems that have a sample without a verdict."""
    s, r = tables.samples, tables.results
    same = sa.and_(r.c.run_id == s.c.run_id, r.c.problem_id == s.c.problem_id, r.c.idx == s.c.idx)
    query = sa.select(s.c.problem_id).select_from(s.outerjoin(r, same))
    with ledger.read() as db:
        return set(db.execute(query.where(s.c.run_id == run_id, r.c.run_id.is_(None)).distinct()).scalars())


def statement(ledger: Ledger, run_id: str, problem_id: str) -> str:
    """What a problem asks; empty where that is not known. LedgerCorrupt if damaged."""
    t = tables.statements
    query = sa.select(t.c.text).where(t.c.run_id == run_id, t.c.problem_id == problem_id)
    with ledger.read() as db:
        stored = db.execute(query).scalar_one_or_none()
    if stored is None:
        return ""
    try:
        return decode(zstandard.ZstdDecompressor().decompress(stored))
    except (zstandard.ZstdError, UnicodeDecodeError) as exc:
        raise LedgerCorrupt(f"run {run_id}, problem {problem_id}: the stored statement cannot be unpacked") from exc


def planned_samples(ledger: Ledger, run_id: str) -> PlannedSamples:
    """What was planned, to look samples up in."""
    s = tables.samples
    lowest, highest, number = sa.func.min(s.c.idx), sa.func.max(s.c.idx), sa.func.count()
    spans = sa.select(s.c.problem_id, lowest, highest, number).where(s.c.run_id == run_id).group_by(s.c.problem_id)
    found: dict[str, Container[int]] = {}
    with ledger.read() as db:
        for problem_id, low, high, count in db.execute(spans).all():
            if high - low + 1 == count:
                found[problem_id] = range(low, high + 1)
            else:
                one = sa.select(s.c.idx).where(s.c.run_id == run_id, s.c.problem_id == problem_id)
                found[problem_id] = frozenset(db.execute(one).scalars())
    return PlannedSamples(found)


def sample_states(ledger: Ledger, run_id: str, *, judged: bool = True) -> list[SampleState]:
    """Each planned sample, in dataset order and by index; with `judged` False only those without a verdict."""
    s, p, c, r, u, f, e = (
        tables.samples, tables.problems, tables.completions, tables.results, tables.unjudged, tables.failures,
        tables.executions,
    )  # fmt: skip

    def same(t: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(t.c.run_id == s.c.run_id, t.c.problem_id == s.c.problem_id, t.c.idx == s.c.idx)

    query = (
        sa.select(s.c.problem_id, s.c.idx, c.c.idx, r.c.verdict, e.c.tier, u.c.stage, u.c.reason)
        .select_from(
            s.join(p, sa.and_(p.c.run_id == s.c.run_id, p.c.problem_id == s.c.problem_id))
            .outerjoin(c, same(c))
            .outerjoin(r, same(r))
            .outerjoin(e, same(e))
            .outerjoin(u, same(u))
        )
        .where(s.c.run_id == run_id)
        .order_by(p.c.position, s.c.idx)
    )
    failed = (
        sa.select(f.c.problem_id, f.c.idx, f.c.stage, sa.func.count())
        .where(f.c.run_id == run_id)
        .group_by(f.c.problem_id, f.c.idx, f.c.stage)
    )
    if not judged:
        query = query.where(r.c.run_id.is_(None))
    with ledger.read() as db:
        failures: dict[SampleKey, dict[str, int]] = {}
        for problem_id, index, stage, number in db.execute(failed):
            failures.setdefault(SampleKey(problem_id, index), {})[stage] = number
        return [
            SampleState(
                key := SampleKey(problem_id, index),
                completed is not None,
                verdict,
                tier != TIER_NONE,
                None if stage is None else GivenUp(Stage(stage), reason),
                failures.get(key, {}),
            )
            for problem_id, index, completed, verdict, tier, stage, reason in db.execute(query)
        ]


def broken_sandboxes(ledger: Ledger, run_id: str) -> dict[SampleKey, list[str]]:
    """Of the samples without a verdict whose attempts broke a sandbox, the worker of each such attempt."""
    t, r = tables.broken_sandboxes, tables.results
    same = sa.and_(r.c.run_id == t.c.run_id, r.c.problem_id == t.c.problem_id, r.c.idx == t.c.idx)
    query = (
        sa.select(t.c.problem_id, t.c.idx, t.c.worker)
        .select_from(t.outerjoin(r, same))
        .where(t.c.run_id == run_id, r.c.run_id.is_(None))
    )
    found: dict[SampleKey, list[str]] = {}
    with ledger.read() as db:
        for problem_id, index, worker in db.execute(query):
            found.setdefault(SampleKey(problem_id, index), []).append(worker)
    return found


def judging_workers(ledger: Ledger, run_id: str) -> set[str]:
    """The workers that executed a program for a verdict of this run. Reads all verdicts."""
    return {result.worker for result in results(ledger, run_id) if digest_of(result) is not None}


def completion(ledger: Ledger, run_id: str, key: SampleKey) -> StoredCompletion:
    """One recorded completion; LedgerCorrupt if it is not what was written, KeyError if there is none."""
    place = {"run": run_id, "problem": key.problem_id, "index": key.index}
    with ledger.read() as db:
        row = db.execute(_completion_query(), place).mappings().first()
    if row is None:
        raise KeyError(str(key))
    return _stored(row, run_id)


@cache  # asked for each sample: building it takes longer than the database does
def _completion_query() -> sa.Select[Any]:
    t = tables.completions
    return sa.select(t).where(
        t.c.run_id == sa.bindparam("run"), t.c.problem_id == sa.bindparam("problem"), t.c.idx == sa.bindparam("index")
    )


def completions(ledger: Ledger, run_id: str) -> Iterator[StoredCompletion]:
    """All completions of a run with their texts, one in memory at a time; LedgerCorrupt as `completion`."""
    t = tables.completions
    with ledger.read() as db:
        for row in db.execution_options(yield_per=100).execute(sa.select(t).where(t.c.run_id == run_id)).mappings():
            yield _stored(row, run_id)


def _stored(row: sa.RowMapping, run_id: str) -> StoredCompletion:
    key = SampleKey(row["problem_id"], row["idx"])
    record = _verified(Completion, row, run_id, key)
    text = _text(row["text"], record.text_sha256, run_id, key)
    reasoning = None
    if row["reasoning"] is not None and record.reasoning_sha256 is not None:
        reasoning = _text(row["reasoning"], record.reasoning_sha256, run_id, key)
    program = None
    if row["program"] is not None and record.program_sha256 is not None:
        program = _text(row["program"], record.program_sha256, run_id, key)
    return StoredCompletion(record, _telemetry(row, run_id, key), text, reasoning, program)


def completions_of(ledger: Ledger, run_id: str, problem_id: str) -> list[StoredCompletion]:
    """The completions of one problem by index, with their texts; LedgerCorrupt as `completion`."""
    t = tables.completions
    query = sa.select(t).where(t.c.run_id == run_id, t.c.problem_id == problem_id).order_by(t.c.idx)
    with ledger.read() as db:
        return [_stored(row, run_id) for row in db.execute(query).mappings()]


def completion_records(ledger: Ledger, run_id: str) -> Iterator[tuple[Completion, GenerateTelemetry]]:
    """All completions of a run without their texts."""
    t = tables.completions
    query = sa.select(t.c.problem_id, t.c.idx, t.c.record, t.c.record_digest, t.c.telemetry).where(t.c.run_id == run_id)
    with ledger.read() as db:
        for row in db.execute(query).mappings():
            key = SampleKey(row["problem_id"], row["idx"])
            yield (
                _verified(Completion, row, run_id, key),
                _telemetry(row, run_id, key),
            )


def answer_tokens(ledger: Ledger, run_id: str) -> list[tuple[str, int]]:
    """Of each completion its problem and its tokens, where the server counted them; unverified, for estimates."""
    t = tables.completions
    with ledger.read() as db:
        rows = db.execute(sa.select(t.c.problem_id, t.c.record).where(t.c.run_id == run_id))
        found = [(row.problem_id, json.loads(row.record)["usage"]["completion_tokens"]) for row in rows]
    return [(problem_id, tokens) for problem_id, tokens in found if tokens is not None]


def expected_tokens(ledger: Ledger, run_id: str) -> list[tuple[str, int]]:
    """`answer_tokens` of a run and of the latest others that asked the same model in the same way."""
    own = ledger.run(run_id).spec
    alike = [
        row.run_id
        for row in ledger.runs()
        if row.run_id != run_id
        and row.spec.generates
        and (row.spec.model, row.spec.protocol_digest) == (own.model, own.protocol_digest)
        and row.spec.sampling.max_tokens == own.sampling.max_tokens
    ]
    return [found for name in (*alike[-EARLIER_RUNS:], run_id) for found in answer_tokens(ledger, name)]


def results(ledger: Ledger, run_id: str) -> Iterator[SampleResult]:
    """All verdicts of a run, in dataset order and by index."""
    t, p = tables.results, tables.problems
    query = (
        sa.select(t.c.problem_id, t.c.idx, t.c.record, t.c.record_digest)
        .select_from(t.join(p, sa.and_(p.c.run_id == t.c.run_id, p.c.problem_id == t.c.problem_id)))
        .where(t.c.run_id == run_id)
        .order_by(p.c.position, t.c.idx)
    )
    with ledger.read() as db:
        for row in db.execute(query).mappings():
            yield _verified(SampleResult, row, run_id, SampleKey(row["problem_id"], row["idx"]))


def verdicts(ledger: Ledger, run_id: str) -> dict[SampleKey, Verdict]:
    """The verdicts of a run by sample; empty if there is no such run."""
    t = tables.results
    with ledger.read() as db:
        rows = db.execute(sa.select(t.c.problem_id, t.c.idx, t.c.verdict).where(t.c.run_id == run_id))
        return {SampleKey(row.problem_id, row.idx): Verdict(row.verdict) for row in rows}


def execution(
    ledger: Ledger, run_id: str, digest: str, runtimes: frozenset[RuntimeIdentity]
) -> tuple[str, SampleResult] | None:
    """A verdict that may stand for that of an execution in run `run_id`, and the run that holds it.

    It was executed by one of `runtimes`, in this run or, if steady, in any. LedgerCorrupt if what is found
    is not what was written.
    """
    if not runtimes:
        return None
    with ledger.read() as db:
        row = db.execute(_execution_query(runtimes), {"digest": digest, "run": run_id}).mappings().first()
    if row is None:
        return None
    key = SampleKey(row["problem_id"], row["idx"])
    result = _verified(SampleResult, row, row["run_id"], key)
    if digest_of(result) != digest or runtime_of(result) not in runtimes:
        raise LedgerCorrupt(f"run {row['run_id']}, sample {key}: listed as an execution that it is not")
    return row["run_id"], result


@lru_cache(maxsize=16)  # asked for each sample: building it takes longer than the database does
def _execution_query(runtimes: frozenset[RuntimeIdentity]) -> sa.Select[Any]:
    e, r = tables.executions, tables.results
    own = e.c.run_id == sa.bindparam("run")
    return (
        sa.select(e.c.run_id, e.c.problem_id, e.c.idx, r.c.record, r.c.record_digest)
        .select_from(e.join(r, sa.and_(r.c.run_id == e.c.run_id, r.c.problem_id == e.c.problem_id, r.c.idx == e.c.idx)))
        .where(
            e.c.digest == sa.bindparam("digest"),
            sa.or_(own, e.c.steady),
            sa.or_(*(sa.and_(e.c.runtime == runtime.versions, e.c.tier == runtime.tier) for runtime in runtimes)),
        )
        .order_by(sa.case((own, 0), else_=1))
        .limit(1)
    )


def score(ledger: Ledger, run_id: str) -> bytes | None:
    """What lm-eval made of a run's completions, as JSON; None if it is not scored. LedgerCorrupt if damaged."""
    t = tables.scores
    with ledger.read() as db:
        row = db.execute(sa.select(t.c.text, t.c.text_digest).where(t.c.run_id == run_id)).first()
    if row is None:
        return None
    try:
        text = zstandard.ZstdDecompressor().decompress(row.text)
    except zstandard.ZstdError as exc:
        raise LedgerCorrupt(f"run {run_id}: its stored score cannot be unpacked") from exc
    if sha256_hex(text) != row.text_digest:
        raise LedgerCorrupt(f"run {run_id}: its stored score is not what was written")
    return text


def is_scored(ledger: Ledger, run_id: str) -> bool:
    """Whether lm-eval has scored a run."""
    t = tables.scores
    with ledger.read() as db:
        return db.execute(sa.select(t.c.run_id).where(t.c.run_id == run_id)).first() is not None


def counters(ledger: Ledger, run_id: str) -> dict[str, int]:
    """The run's telemetry counters."""
    t = tables.counters
    with ledger.read() as db:
        rows = db.execute(sa.select(t.c.name, t.c.value).where(t.c.run_id == run_id).order_by(t.c.name))
        return {row.name: row.value for row in rows}


def _verified(kind: type[R], row: sa.RowMapping, run_id: str, key: SampleKey) -> R:
    place = f"run {run_id}, sample {key}"
    if sha256_hex(row["record"].encode()) != row["record_digest"]:
        raise LedgerCorrupt(f"{place}: the stored {kind.__name__} is not what was written")
    try:
        record = kind.model_validate_json(row["record"])
    except ValidationError as exc:
        raise LedgerCorrupt(f"{place}: the stored {kind.__name__} has an unknown form") from exc
    if record.key != key:
        raise LedgerCorrupt(f"{place}: holds the {kind.__name__} of {record.key}")
    return record


def _telemetry(row: sa.RowMapping, run_id: str, key: SampleKey) -> GenerateTelemetry:
    try:
        return GenerateTelemetry.model_validate_json(row["telemetry"])
    except ValidationError as exc:
        raise LedgerCorrupt(f"run {run_id}, sample {key}: its telemetry has an unknown form") from exc


def _text(stored: bytes, digest: str, run_id: str, key: SampleKey) -> bytes:
    try:
        data = zstandard.ZstdDecompressor().decompress(stored)
    except zstandard.ZstdError as exc:
        raise LedgerCorrupt(f"run {run_id}, sample {key}: the stored text cannot be unpacked") from exc
    if sha256_hex(data) != digest:
        raise LedgerCorrupt(f"run {run_id}, sample {key}: the stored text is not what was written")
    return data
