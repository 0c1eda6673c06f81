"""Numbers of a run from the ledger, by counting in the database; new rows are read once.

The exporter asks every few seconds, also for runs of 200,000 samples. So the database counts, and only the keys of
answers and verdicts are listed: a record is read when its key is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from farm.ledger import tables
from farm.ledger.ledger import Ledger
from farm.records import Completion, GenerateTelemetry, SampleResult

Key = tuple[str, int]
BATCH = 200  # records read at a time


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """Counts of one run."""

    planned: int
    completed: int
    verdicts: dict[str, int]
    unjudged: dict[tuple[str, str], int]  # by stage and kind of reason
    failures: dict[tuple[str, str], int]  # failed attempts, likewise
    counters: dict[str, int]

    @property
    def judged(self) -> int:
        return sum(self.verdicts.values())


@dataclass
class Seen:
    """Which records of a run were read already."""

    completions: set[Key] = field(default_factory=set)
    results: set[Key] = field(default_factory=set)


def run_numbers(ledger: Ledger, run_id: str) -> RunNumbers:
    """The counts of a run."""
    r, u, f, c = tables.results, tables.unjudged, tables.failures, tables.counters

    def total(table: sa.Table) -> sa.Select[int]:
        return sa.select(sa.func.count()).select_from(table).where(table.c.run_id == run_id)

    with ledger.read() as db:
        verdicts = db.execute(sa.select(r.c.verdict, sa.func.count()).where(r.c.run_id == run_id).group_by(r.c.verdict))
        return RunNumbers(
            planned=db.execute(total(tables.samples)).scalar_one(),
            completed=db.execute(total(tables.completions)).scalar_one(),
            verdicts={row[0]: row[1] for row in verdicts},
            unjudged=_by_kind(db, u, run_id),
            failures=_by_kind(db, f, run_id),
            counters={
                row.name: row.value for row in db.execute(sa.select(c.c.name, c.c.value).where(c.c.run_id == run_id))
            },
        )


def new_completions(ledger: Ledger, run_id: str, seen: Seen) -> Iterator[tuple[Completion, GenerateTelemetry]]:
    """Completions that are not in `seen`; they are added to it."""
    t = tables.completions
    with ledger.read() as db:
        for row in _new(db, t, run_id, seen.completions, [t.c.record, t.c.telemetry]):
            yield Completion.model_validate_json(row.record), GenerateTelemetry.model_validate_json(row.telemetry)


def new_results(ledger: Ledger, run_id: str, seen: Seen) -> Iterator[SampleResult]:
    """Verdicts that are not in `seen`; they are added to it."""
    t = tables.results
    with ledger.read() as db:
        for row in _new(db, t, run_id, seen.results, [t.c.record]):
            yield SampleResult.model_validate_json(row.record)


def _new(
    db: sa.Connection, table: sa.Table, run_id: str, seen: set[Key], columns: Sequence[sa.Column[str]]
) -> Iterator[Any]:
    keys = db.execute(sa.select(table.c.problem_id, table.c.idx).where(table.c.run_id == run_id))
    fresh = [key for problem_id, index in keys if (key := (problem_id, index)) not in seen]
    for start in range(0, len(fresh), BATCH):
        part = fresh[start : start + BATCH]
        wanted = sa.or_(*(sa.and_(table.c.problem_id == problem, table.c.idx == index) for problem, index in part))
        rows = db.execute(sa.select(*columns).where(table.c.run_id == run_id, wanted)).all()
        seen.update(part)
        yield from rows


def _by_kind(db: sa.Connection, table: sa.Table, run_id: str) -> dict[tuple[str, str], int]:
    """Rows by stage and by the kind at the start of their reason, which reads `Kind: words`."""
    found: dict[tuple[str, str], int] = {}
    query = (
        sa.select(table.c.stage, table.c.reason, sa.func.count())
        .where(table.c.run_id == run_id)
        .group_by(table.c.stage, table.c.reason)
    )
    for stage, reason, number in db.execute(query):
        kind = reason.partition(":")[0].strip()[:40] or "unknown"
        found[stage, kind] = found.get((stage, kind), 0) + number
    return found
