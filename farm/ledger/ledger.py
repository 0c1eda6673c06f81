"""The ledger: the durable record of all runs, and the lock on each.

Whatever Redis, workers or coordinators do, the ledger decides what was planned and what is done
(docs/adr/0001-ledger-is-the-truth.md). SQLite by default (WAL, synchronous=FULL), PostgreSQL by URL.
Reads are open to anybody; writes to a run go through the `Journal` of the coordinator that holds it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, NoReturn, Self

import sqlalchemy as sa
import zstandard
from pydantic import ValidationError

import farm
from farm.errors import LedgerCorrupt, LedgerError, RunExists, RunLocked, RunNotFound, RunNotOrdered, SpecMismatch
from farm.ids import sha256_hex
from farm.ledger import tables
from farm.ledger.database import connect, shown, translated
from farm.ledger.journal import Journal, completion_row
from farm.ledger.plan_digest import PlanDigest
from farm.ledger.spec_differences import spec_differences
from farm.processes import process_start
from farm.records import RunSpec, SampleKey, StoredCompletion
from farm.text import encode

LOCK_STALE_S = 30.0  # a coordinator on another host that has not been heard of for so long is dead


@dataclass(frozen=True, slots=True)
class PlannedProblem:
    """A problem as the ledger keeps it: what a report groups by, its prompt, and the digest of its suite."""

    problem_id: str
    title: str
    platform: str
    difficulty: str
    contest_date: str
    prompt: str | None  # canonical JSON of a Prompt; None in a run of kind grade
    suite_digest: str
    tests: int
    statement: str = ""  # in another table: only views of a problem read it
    tool_score: float | None = None  # share of right answers, as the tool says whose file was imported


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as `farm runs` lists it."""

    run_id: str
    created_at: float
    state: str
    reason: str
    owner: str | None
    fence: int
    active_s: float
    finished_at: float | None
    spec: RunSpec


class Ledger:
    """A connection to the ledger. Use as a context manager."""

    def __init__(self, url: str) -> None:
        """Open or create the ledger at a SQLAlchemy URL.

        Raises LedgerCorrupt when this is seen to be no sound database, ConfigError when the URL cannot be used.
        The whole of it is looked through by `check` only.
        """
        self.url = url
        self._engine = connect(url)
        with translated(url):
            self._prepare()

    def _prepare(self) -> None:
        with self._engine.begin() as db:
            self._create(db)
            version = db.execute(sa.select(tables.meta.c.version)).scalar_one_or_none()
            if version is None:
                db.execute(tables.meta.insert().values(version=tables.LEDGER_VERSION))
            elif version != tables.LEDGER_VERSION:
                raise LedgerError(
                    f"ledger {self.shown} has version {version}, this farm knows {tables.LEDGER_VERSION}",
                    remedy="use the farm version that wrote it",
                )

    def check(self) -> None:
        """Look through the whole database; LedgerCorrupt with the place when its structure is damaged.

        Not at each opening: SQLite reads all of its file for this, a second for 400 MB. What rows say is
        checked by their digests, whenever they are read. PostgreSQL looks after itself.
        """
        if self._engine.dialect.name == "sqlite":
            with self.read() as db:
                verdict = db.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise LedgerCorrupt(
                    f"ledger {self.shown} is damaged: {' '.join(str(verdict).split())}", remedy="restore it from a copy"
                )

    def _create(self, db: sa.Connection) -> None:
        """Make the tables that are missing. Another farm may be about to do the same: the first one does it."""
        if tables.metadata.tables.keys() <= set(sa.inspect(db).get_table_names()):
            return
        lock = "BEGIN IMMEDIATE" if self._engine.dialect.name == "sqlite" else "SELECT pg_advisory_xact_lock(7102015)"
        db.exec_driver_sql(lock)
        tables.metadata.create_all(db)

    # --- planning -------------------------------------------------------------------------------

    def create_run(
        self,
        run_id: str,
        spec: RunSpec,
        problems: Iterable[PlannedProblem],
        keys: Iterable[SampleKey],
        completions: Iterable[StoredCompletion] = (),
    ) -> None:
        """Record a whole plan in one transaction: either all of it is there afterwards, or nothing.

        `completions` are those that exist already. Raises RunExists when the id is taken, SpecMismatch
        when it is and by a run of another spec.
        """
        spec_json = spec.to_json().decode()
        with self.write() as db:
            known = db.execute(sa.select(tables.runs).where(tables.runs.c.run_id == run_id)).mappings().first()
            if known is not None:
                self._refuse(self._row(known), spec)
            db.execute(
                tables.runs.insert().values(
                    run_id=run_id, created_at=time.time(), state="planned", reason="", spec=spec_json,
                    spec_digest=sha256_hex(spec_json.encode()), farm_version=farm.__version__, fence=0,
                    heartbeat=0.0, active_s=0.0,
                )
            )  # fmt: skip
            digest = PlanDigest()
            for rows in _batches(_problem_rows(run_id, problems)):
                statements = [_statement_row(row) for row in rows]
                db.execute(tables.problems.insert(), rows)
                db.execute(tables.statements.insert(), statements)
                for row in rows:
                    digest.problem(row)
            for rows in _batches({"run_id": run_id, "problem_id": k.problem_id, "idx": k.index} for k in keys):
                db.execute(tables.samples.insert(), rows)
                digest.samples((row["problem_id"], row["idx"]) for row in rows)
            db.execute(tables.plans.insert().values(run_id=run_id, digest=digest.hexdigest()))
            for rows in _batches({"run_id": run_id, **completion_row(stored)} for stored in completions):
                db.execute(tables.completions.insert(), rows)

    @staticmethod
    def _refuse(known: RunRow, spec: RunSpec) -> NoReturn:
        other = spec_differences(known.spec, spec)
        if other:
            raise SpecMismatch(known.run_id, other, remedy="give another --run-id")
        raise RunExists(f"run {known.run_id} exists already", remedy=f"continue it with: farm resume {known.run_id}")

    # --- reading --------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunRow:
        """One run. Raises RunNotFound, or LedgerCorrupt when its stored spec is not what was written."""
        with self.read() as db:
            row = db.execute(sa.select(tables.runs).where(tables.runs.c.run_id == run_id)).mappings().first()
        if row is None:
            raise RunNotFound(f"no run {run_id} in {self.shown}", remedy="list the runs with: farm runs")
        return self._row(row)

    def remove(self, run_id: str) -> None:
        """Delete a run with all that was recorded of it. Raises RunNotFound, RunLocked while it is being driven."""
        with self.write() as db:
            row = db.execute(sa.select(tables.runs).where(tables.runs.c.run_id == run_id)).mappings().first()
            if row is None:
                raise RunNotFound(f"no run {run_id} in {self.shown}", remedy="list the runs with: farm runs")
            if owned(row):
                raise RunLocked(run_id, row["owner"])
            db.execute(tables.runs.delete().where(tables.runs.c.run_id == run_id))

    def runs(self) -> list[RunRow]:
        """All runs, oldest first."""
        with self.read() as db:
            rows = db.execute(sa.select(tables.runs).order_by(tables.runs.c.created_at)).mappings().all()
        return [self._row(row) for row in rows]

    def identity(self, run_id: str) -> str:
        """What tells this run from one of the same name in another ledger: when it was planned, and its spec."""
        row = self.run(run_id)
        return f"{row.created_at:.6f}-{row.spec.record_digest()[:16]}"

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read transaction, for farm.ledger.history."""
        with translated(self.url), self._engine.connect() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A write transaction, for what is not a driver's business; that goes through its Journal."""
        with translated(self.url), self._engine.begin() as db:
            if self._engine.dialect.name == "sqlite":
                db.exec_driver_sql("UPDATE runs SET fence = fence WHERE 0")  # take the write lock before reading
            yield db

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return shown(self.url)

    def _row(self, row: Any) -> RunRow:
        run_id = row["run_id"]
        if sha256_hex(row["spec"].encode()) != row["spec_digest"]:
            raise LedgerCorrupt(f"ledger {self.shown}: the spec of run {run_id} is not what was written")
        try:
            spec = RunSpec.model_validate_json(row["spec"])
        except ValidationError as exc:
            raise LedgerError(
                f"run {run_id} was written by farm {row['farm_version']} in a form this version does not know"
            ) from exc
        return RunRow(
            run_id, row["created_at"], _state(row), row["reason"], row["owner"], row["fence"], row["active_s"],
            row["finished_at"], spec,
        )  # fmt: skip

    # --- the lock -------------------------------------------------------------------------------

    def acquire(self, run_id: str, *, ordered: bool = False) -> Journal:
        """Take the run for this process and raise its fence.

        A dead owner's lock is taken over: on this host when its process is gone, from another host
        when it has not been heard of for LOCK_STALE_S seconds. Raises RunLocked otherwise.

        Orders for the run (farm.ledger.control) end with this, unless `ordered`: then it must be
        ordered to be driven, and stays so. RunNotOrdered if it is not.
        """
        me = f"{socket.gethostname()}:{os.getpid()}:{process_start(os.getpid())}"
        runs, orders = tables.runs, tables.orders
        with self.write() as db:
            row = db.execute(sa.select(runs).where(runs.c.run_id == run_id).with_for_update()).mappings().first()
            if row is None:
                raise RunNotFound(f"no run {run_id} in {self.shown}", remedy="list the runs with: farm runs")
            if row["owner"] != me and owned(row):
                raise RunLocked(run_id, row["owner"])
            if not ordered:
                db.execute(orders.delete().where(orders.c.run_id == run_id))
            elif db.execute(sa.select(orders.c.wish).where(orders.c.run_id == run_id)).scalar() != tables.DRIVE:
                raise RunNotOrdered(f"run {run_id} is not ordered", remedy=f"order it: farm resume {run_id} --detach")
            fence = row["fence"] + 1
            db.execute(
                runs.update()
                .where(runs.c.run_id == run_id)
                .values(owner=me, fence=fence, heartbeat=time.time(), state="running", reason="", finished_at=None)
            )
        return Journal(self._engine, self.url, run_id, fence)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _state(row: Any) -> str:
    """As stored, but a run whose coordinator died without a word is no running one."""
    return "interrupted" if row["state"] == "running" and not owned(row) else str(row["state"])


def owned(row: Any) -> bool:
    """Whether a living coordinator has the run of this row of `runs`."""
    return bool(row["owner"]) and _alive(row["owner"], row["heartbeat"])


def _alive(owner: str, heartbeat: float) -> bool:
    """Whether the process that `owner` names lives; of another host, or of a damaged name, the heartbeat decides."""
    host, _, process = owner.partition(":")
    pid, _, start = process.partition(":")
    if host == socket.gethostname() and start and pid.isascii() and pid.isdecimal():
        return process_start(int(pid)) == start
    return time.time() - heartbeat < LOCK_STALE_S


def _problem_rows(run_id: str, problems: Iterable[PlannedProblem]) -> Iterator[dict[str, Any]]:
    for position, planned in enumerate(problems):
        yield {"run_id": run_id, "position": position, **asdict(planned)}


def _statement_row(row: dict[str, Any]) -> dict[str, Any]:
    """The statement out of a problem's row, as a row of the table of statements."""
    text = zstandard.compress(encode(row.pop("statement")))
    return {"run_id": row["run_id"], "problem_id": row["problem_id"], "text": text}


def _batches(rows: Iterator[dict[str, Any]], size: int = 500) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
