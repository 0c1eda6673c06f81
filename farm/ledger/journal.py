"""The journal of one run: the only writer of what happened, fenced.

Each write is one transaction that first checks the fence, so a coordinator that was thought dead and
comes back cannot write a byte. The first result of a sample wins; what comes later is counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from enum import Enum
from functools import cache
from typing import Any

import sqlalchemy as sa
import zstandard
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from farm.errors import RunLocked
from farm.ids import sha256_hex
from farm.ledger import tables
from farm.ledger.database import translated
from farm.ledger.executions import digest_of, runtime_of, steady
from farm.records import SampleKey, SampleResult, StoredCompletion

# Reasons of a paused run
INTERRUPTED = "interrupted"  # its coordinator was told to stop
CANCELLED = "cancelled"  # farm cancel


class Recorded(Enum):
    """What a write did."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same was there
    CONFLICT = "conflict"  # a different one was there; the first stays
    UNEXPECTED = "unexpected"  # no such sample was planned


def completion_row(stored: StoredCompletion) -> dict[str, Any]:
    """The columns of `completions` for a completion, without the run's id."""
    record = stored.completion
    text = record.to_json().decode()
    return {
        "problem_id": record.problem_id,
        "idx": record.index,
        "record": text,
        "record_digest": sha256_hex(text.encode()),
        "telemetry": stored.telemetry.to_json().decode(),
        "text": zstandard.compress(stored.text),
        "reasoning": None if stored.reasoning is None else zstandard.compress(stored.reasoning),
        "program": None if stored.program is None else zstandard.compress(stored.program),
    }


def result_row(result: SampleResult) -> dict[str, Any]:
    """The columns of `results` for a verdict, without the run's id."""
    text = result.to_json()
    return {
        "problem_id": result.problem_id,
        "idx": result.index,
        "verdict": result.verdict.value,
        "record": text.decode(),
        "record_digest": sha256_hex(text),
        "outcome_digest": result.outcome_digest(),
    }


def execution_row(result: SampleResult) -> dict[str, Any] | None:
    """The columns of `executions` for a verdict, without the run's id; None if nothing was executed for it."""
    digest, runtime = digest_of(result), runtime_of(result)
    if digest is None:
        return None
    return {
        "problem_id": result.problem_id,
        "idx": result.index,
        "digest": digest,
        "runtime": runtime.versions,
        "tier": runtime.tier,
        "steady": steady(result),
    }


class Journal:
    """Writes of the coordinator that holds the run. Made by Ledger.acquire."""

    def __init__(self, engine: sa.Engine, url: str, run_id: str, fence: int) -> None:
        self.run_id = run_id
        self.fence = fence
        self._engine = engine
        self._url = url
        self._beat = time.monotonic()

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        """One durable transaction under the fence; RunLocked when another coordinator took the run."""
        runs = tables.runs
        now = time.monotonic()
        with translated(self._url), self._engine.begin() as db:
            touched = db.execute(
                runs.update()
                .where(runs.c.run_id == self.run_id, runs.c.fence == self.fence)
                .values(heartbeat=time.time(), active_s=runs.c.active_s + (now - self._beat))
            )
            if touched.rowcount != 1:
                raise RunLocked(self.run_id, "another coordinator that took it over")
            yield db
        self._beat = now

    def heartbeat(self) -> None:
        """Say that the owner lives. Raises RunLocked when it no longer is the owner."""
        with self._write():
            pass

    def cancelled(self) -> bool:
        """Whether somebody ordered this run to be paused (farm.ledger.control)."""
        orders = tables.orders
        query = sa.select(orders.c.wish).where(orders.c.run_id == self.run_id)
        with translated(self._url), self._engine.connect() as db:
            return db.execute(query).scalar() == tables.CANCEL

    def record(
        self, completions: Sequence[StoredCompletion], results: Sequence[SampleResult]
    ) -> tuple[list[Recorded], list[Recorded]]:
        """Record completions, then verdicts, in one transaction: what each of the next two does."""
        if not completions and not results:
            return [], []
        with self._write() as db:
            return self._completions(db, completions), self._results(db, results)

    def record_completions(self, completions: Sequence[StoredCompletion]) -> list[Recorded]:
        """Record completions; answers what became of each, in order. The first one of a sample stays."""
        with self._write() as db:
            return self._completions(db, completions)

    def record_results(self, results: Sequence[SampleResult]) -> list[Recorded]:
        """Record verdicts; answers what became of each, in order. A differing verdict is a conflict."""
        with self._write() as db:
            return self._results(db, results)

    def _completions(self, db: sa.Connection, completions: Sequence[StoredCompletion]) -> list[Recorded]:
        rows = [(stored.key, completion_row(stored)) for stored in completions]
        return self._record(db, tables.completions, rows, tables.completions.c.record_digest)

    def _results(self, db: sa.Connection, results: Sequence[SampleResult]) -> list[Recorded]:
        rows = [(result.key, result_row(result)) for result in results]
        outcomes = self._record(db, tables.results, rows, tables.results.c.verdict)
        # What was executed is noted, so that a verdict can be found by it
        new = [result for result, recorded in zip(results, outcomes, strict=True) if recorded is Recorded.NEW]
        executed = {result.key: row for result in new if (row := execution_row(result)) is not None}
        self._insert_new(db, tables.executions, executed)
        return outcomes

    def _record(
        self,
        db: sa.Connection,
        table: sa.Table,
        rows: Sequence[tuple[SampleKey, dict[str, Any]]],
        tells: sa.Column[str],
    ) -> list[Recorded]:
        """Insert the first row of each planned sample; what became of each. `tells`: equal in equal rows."""
        planned = self._planned(db, {key for key, _ in rows})
        fresh: dict[SampleKey, dict[str, Any]] = {}
        for key, row in rows:
            if key in planned:
                fresh.setdefault(key, row)
        new = self._insert_new(db, table, fresh)
        outcomes = []
        for key, row in rows:
            if key not in planned:
                outcomes.append(Recorded.UNEXPECTED)
            elif key in new and fresh[key] is row:
                outcomes.append(Recorded.NEW)
            else:
                known = db.execute(sa.select(tells).where(*self._at(table, key))).scalar_one()
                outcomes.append(Recorded.DUPLICATE if known == row[tells.name] else Recorded.CONFLICT)
        return outcomes

    def record_score(self, text: bytes, worker: str) -> Recorded:
        """Record lm-eval's score. The first one stays; another one of the same answers differs in its times alone."""
        with self._write() as db:
            new = self._insert_first(
                db, tables.scores, text=zstandard.compress(text), text_digest=sha256_hex(text), worker=worker,
                at=time.time(),
            )  # fmt: skip
        return Recorded.NEW if new else Recorded.DUPLICATE

    def record_failure(self, key: SampleKey, stage: str, attempt: int, reason: str, *, broken_at: str = "") -> None:
        """Note a failed attempt; the same one again changes nothing. `broken_at`: the worker whose sandbox broke."""
        with self._write() as db:
            place = {"problem_id": key.problem_id, "idx": key.index, "attempt": attempt}
            new = self._insert_first(db, tables.failures, **place, stage=stage, reason=reason, at=time.time())
            if new and broken_at:
                self._insert_first(db, tables.broken_sandboxes, **place, worker=broken_at)

    def record_unjudged(self, keys: Iterable[SampleKey], stage: str, reason: str) -> None:
        """Give samples up: the report will say INCOMPLETE and why."""
        with self._write() as db:
            for key in keys:
                self._insert_first(
                    db, tables.unjudged, problem_id=key.problem_id, idx=key.index, stage=stage, reason=reason
                )

    def retry_unjudged(self) -> int:
        """Forget what was given up and its failures, so that a resume tries again. Returns how many."""
        with self._write() as db:
            given_up = tables.unjudged
            rows = db.execute(
                sa.select(given_up.c.problem_id, given_up.c.idx).where(given_up.c.run_id == self.run_id)
            ).all()
            for problem_id, index in rows:
                key = SampleKey(problem_id, index)
                for table in (tables.failures, tables.broken_sandboxes):
                    db.execute(table.delete().where(*self._at(table, key)))
            db.execute(given_up.delete().where(given_up.c.run_id == self.run_id))
        return len(rows)

    def count(self, amounts: Iterable[tuple[str, int]]) -> None:
        """Add to the run's counters."""
        amounts = [(name, value) for name, value in amounts if value]
        if not amounts:
            return
        table = tables.counters
        with self._write() as db:
            for name, value in amounts:
                if not self._insert_first(db, table, name=name, value=value):
                    db.execute(
                        table.update()
                        .where(table.c.run_id == self.run_id, table.c.name == name)
                        .values(value=table.c.value + value)
                    )

    def release(self, state: str, reason: str = "", *, keep_order: bool = False) -> None:
        """Give the run back in `state` (paused, complete, incomplete); `reason` says why it is paused.

        Orders for it end with that, unless `keep_order`: whoever fulfils one is to try again.
        """
        runs, orders = tables.runs, tables.orders
        finished = time.time() if state in ("complete", "incomplete") else None
        with self._write() as db:
            db.execute(
                runs.update()
                .where(runs.c.run_id == self.run_id)
                .values(owner=None, state=state, reason=reason, finished_at=finished)
            )
            if not keep_order:
                db.execute(orders.delete().where(orders.c.run_id == self.run_id))

    # --- helpers --------------------------------------------------------------------------------

    def _planned(self, db: sa.Connection, keys: Set[SampleKey]) -> set[SampleKey]:
        """Which of these samples this run planned."""
        by_problem: dict[str, list[int]] = {}
        for key in keys:
            by_problem.setdefault(key.problem_id, []).append(key.index)
        return {
            SampleKey(problem_id, index)
            for problem_id, indexes in by_problem.items()
            for index in db.execute(
                _planned_query(), {"run": self.run_id, "problem": problem_id, "indexes": indexes}
            ).scalars()
        }

    def _at(self, table: sa.Table, key: SampleKey) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.run_id == self.run_id, table.c.problem_id == key.problem_id, table.c.idx == key.index)

    def _insert_first(self, db: sa.Connection, table: sa.Table, **values: Any) -> bool:
        """Insert unless the primary key is there already; True if this call inserted."""
        statement = _first_insert(self._engine.dialect.name, table)
        return db.execute(statement, {"run_id": self.run_id, **values}).first() is not None

    def _insert_new(
        self, db: sa.Connection, table: sa.Table, rows: Mapping[SampleKey, dict[str, Any]]
    ) -> set[SampleKey]:
        """Insert those whose sample has no row yet; whose they are."""
        if not rows:
            return set()
        statement = _new_inserts(self._engine.dialect.name, table)
        return {SampleKey(*row) for row in db.execute(statement, [{"run_id": self.run_id, **r} for r in rows.values()])}


# Asked for each sample: building a statement takes longer than the database does.


@cache
def _first_insert(dialect: str, table: sa.Table) -> Executable:
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    # A row comes back if one went in; row counts are told by SQLite only.
    return insert.on_conflict_do_nothing().returning(sa.literal_column("1"))


@cache
def _new_inserts(dialect: str, table: sa.Table) -> Executable:
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return insert.on_conflict_do_nothing().returning(table.c.problem_id, table.c.idx)


@cache
def _planned_query() -> sa.Select[Any]:
    t = tables.samples
    return sa.select(t.c.idx).where(
        t.c.run_id == sa.bindparam("run"),
        t.c.problem_id == sa.bindparam("problem"),
        t.c.idx.in_(sa.bindparam("indexes", expanding=True)),
    )
