"""Orders: what is asked of a run by somebody who does not drive it.

`drive` is an order to a `farm coordinator`: take this run and see it to its end, again after each crash. It
stands until the run ends, pauses for a cause that somebody has to mend, or another command drives the run.
`cancel` is an order to whoever drives the run now: pause it. Both are rows of the ledger, so they outlive
every process, and need no access to Redis.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import ValidationError

from farm.errors import LedgerCorrupt, RunNotFound
from farm.ledger import tables
from farm.ledger.journal import CANCELLED
from farm.ledger.ledger import Ledger, owned
from farm.records import DriveOptions


@dataclass(frozen=True, slots=True)
class Order:
    """One order to drive a run. `driven`: a living coordinator has it already."""

    run_id: str
    driven: bool


def order_drive(ledger: Ledger, run_id: str, options: DriveOptions) -> None:
    """Order a run to be driven; a newer order takes the place of an older one. RunNotFound if there is none."""
    runs, orders = tables.runs, tables.orders
    with ledger.write() as db:
        if db.execute(sa.select(runs.c.run_id).where(runs.c.run_id == run_id)).first() is None:
            raise _unknown(ledger, run_id)
        db.execute(orders.delete().where(orders.c.run_id == run_id))
        db.execute(
            orders.insert().values(run_id=run_id, wish=tables.DRIVE, how=options.to_json().decode(), at=time.time())
        )


def order_cancel(ledger: Ledger, run_id: str) -> bool:
    """Order a run to be paused. True if no coordinator drives it: it is paused now; else its driver will see the order.

    RunNotFound if there is none. A run that has ended stays as it is.
    """
    runs, orders = tables.runs, tables.orders
    with ledger.write() as db:
        row = db.execute(sa.select(runs).where(runs.c.run_id == run_id).with_for_update()).mappings().first()
        if row is None:
            raise _unknown(ledger, run_id)
        db.execute(orders.delete().where(orders.c.run_id == run_id))
        if row["finished_at"] is not None:
            return True
        if owned(row):
            db.execute(orders.insert().values(run_id=run_id, wish=tables.CANCEL, how="", at=time.time()))
            return False
        db.execute(runs.update().where(runs.c.run_id == run_id).values(owner=None, state="paused", reason=CANCELLED))
    return True


def orders_to_drive(ledger: Ledger) -> list[Order]:
    """All orders to drive, oldest first."""
    runs, orders = tables.runs, tables.orders
    query = (
        sa.select(orders.c.run_id, runs.c.owner, runs.c.heartbeat)
        .select_from(orders.join(runs, runs.c.run_id == orders.c.run_id))
        .where(orders.c.wish == tables.DRIVE)
        .order_by(orders.c.at, orders.c.run_id)
    )
    with ledger.read() as db:
        rows = db.execute(query).mappings().all()
    return [Order(row["run_id"], owned(row)) for row in rows]


def ordered_drive(ledger: Ledger, run_id: str) -> DriveOptions | None:
    """How a run was ordered to be driven; None if it is not. LedgerCorrupt if that is not what was written."""
    orders = tables.orders
    query = sa.select(orders.c.how).where(orders.c.run_id == run_id, orders.c.wish == tables.DRIVE)
    with ledger.read() as db:
        how = db.execute(query).scalar_one_or_none()
    try:
        return None if how is None else DriveOptions.model_validate_json(how)
    except ValidationError as exc:
        raise LedgerCorrupt(f"run {run_id}: its order to drive has an unknown form") from exc


def withdraw_order(ledger: Ledger, run_id: str, reason: str) -> None:
    """Take back the order to drive a run whose coordinator keeps dying, and pause it for that reason."""
    runs, orders = tables.runs, tables.orders
    with ledger.write() as db:
        db.execute(orders.delete().where(orders.c.run_id == run_id))
        db.execute(
            runs.update()
            .where(runs.c.run_id == run_id, runs.c.finished_at.is_(None))
            .values(owner=None, state="paused", reason=reason)
        )


def _unknown(ledger: Ledger, run_id: str) -> RunNotFound:
    return RunNotFound(f"no run {run_id} in {ledger.shown}", remedy="list the runs with: farm runs")
