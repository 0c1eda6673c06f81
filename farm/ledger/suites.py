"""Suites in the ledger: which runs belong together. The runs themselves are recorded as all others are."""

from __future__ import annotations

import time

import sqlalchemy as sa
from pydantic import ValidationError

from farm.errors import LedgerCorrupt, LedgerError, RunExists
from farm.ids import sha256_hex
from farm.ledger import tables
from farm.ledger.ledger import Ledger
from farm.records.suites import SuiteSpec


def refuse_taken(ledger: Ledger, suite_id: str) -> None:
    """RunExists if there is a suite of that name."""
    if find_suite(ledger, suite_id) is not None:
        raise _exists(suite_id)


def create_suite(ledger: Ledger, suite_id: str, spec: SuiteSpec) -> None:
    """Record a suite whose runs are recorded. RunExists if the name is taken."""
    text = spec.to_json().decode()
    with ledger.write() as db:
        if db.execute(sa.select(tables.suites.c.suite_id).where(tables.suites.c.suite_id == suite_id)).first():
            raise _exists(suite_id)
        db.execute(
            tables.suites.insert().values(
                suite_id=suite_id, created_at=time.time(), spec=text, spec_digest=sha256_hex(text.encode())
            )
        )


def find_suite(ledger: Ledger, suite_id: str) -> SuiteSpec | None:
    """The suite of that name; None if there is none. LedgerCorrupt if its record is not what was written."""
    with ledger.read() as db:
        row = db.execute(sa.select(tables.suites).where(tables.suites.c.suite_id == suite_id)).mappings().first()
    if row is None:
        return None
    if sha256_hex(row["spec"].encode()) != row["spec_digest"]:
        raise LedgerCorrupt(f"ledger {ledger.shown}: the spec of suite {suite_id} is not what was written")
    try:
        return SuiteSpec.model_validate_json(row["spec"])
    except ValidationError as exc:
        raise LedgerError(f"suite {suite_id} was written in a form this version does not know") from exc


def _exists(suite_id: str) -> RunExists:
    return RunExists(f"suite {suite_id} exists already", remedy=f"continue it with: farm resume {suite_id}")
