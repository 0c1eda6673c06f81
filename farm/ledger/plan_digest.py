"""A digest over a plan: its problems and its samples.

Completions and verdicts carry digests row by row. Rows of the plan do not, and a flipped bit in one would
lose a sample or move a problem to another difficulty without a trace. So all of them together have one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from farm.errors import LedgerCorrupt
from farm.ids import canonical_json, sha256_hex
from farm.ledger import tables

_COLUMNS = [column for column in tables.problems.c if column.name != "run_id"]
_MODULUS = 1 << 256


class PlanDigest:
    """Takes the rows of a plan in any order."""

    def __init__(self) -> None:
        self._sum = 0

    def problem(self, row: dict[str, Any]) -> None:
        """A row of the table `problems`, by column."""
        self._add(canonical_json([row[column.name] for column in _COLUMNS]))

    def samples(self, keys: Iterable[tuple[str, int]]) -> None:
        """(problem_id, index) of samples."""
        for problem_id, index in keys:
            self._add(f"{index}#{problem_id}".encode())

    def _add(self, data: bytes) -> None:
        # A sum does not depend on the order in which a database gives rows; rows are distinct by their keys.
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(data).digest(), "big")) % _MODULUS

    def hexdigest(self) -> str:
        return sha256_hex(self._sum.to_bytes(32, "big"))


def check_plan(db: sa.Connection, run_id: str) -> None:
    """Raise LedgerCorrupt unless the plan of a run is what was written."""
    s, p, plans = tables.samples, tables.problems, tables.plans
    digest = PlanDigest()
    for row in db.execute(sa.select(*_COLUMNS).where(p.c.run_id == run_id)).mappings():
        digest.problem(dict(row))
    digest.samples(
        (row[0], row[1]) for row in db.execute(sa.select(s.c.problem_id, s.c.idx).where(s.c.run_id == run_id))
    )
    known = db.execute(sa.select(plans.c.digest).where(plans.c.run_id == run_id)).scalar_one_or_none()
    if known != digest.hexdigest():
        raise LedgerCorrupt(
            f"run {run_id}: its plan (tables problems and samples) is not what was written",
            remedy="restore the ledger from a copy",
        )
