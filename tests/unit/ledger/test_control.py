"""Orders to drive and to cancel: who sees them, how long they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.errors import LedgerCorrupt, RunNotFound, RunNotOrdered
from farm.ledger.control import order_cancel, order_drive, ordered_drive, orders_to_drive, withdraw_order
from farm.ledger.journal import CANCELLED, INTERRUPTED
from farm.ledger.ledger import Ledger
from farm.records import DriveOptions
from tests.unit.plans import open_ledger, plan, spec

HOW = DriveOptions(deadline_s=60.0, stall_s=30.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as opened:
        for run_id in ("run-1", "run-2"):
            plan(opened, run_id, spec())
        yield opened


def test_orders_are_found_oldest_first_and_say_who_has_a_driver(ledger: Ledger) -> None:
    assert orders_to_drive(ledger) == []
    order_drive(ledger, "run-2", HOW)
    order_drive(ledger, "run-1", HOW)
    assert [order.run_id for order in orders_to_drive(ledger)] == ["run-2", "run-1"]
    ledger.acquire("run-2", ordered=True)
    assert [(order.run_id, order.driven) for order in orders_to_drive(ledger)] == [("run-2", True), ("run-1", False)]


def test_a_newer_order_takes_the_place_of_an_older_one(ledger: Ledger) -> None:
    order_drive(ledger, "run-1", HOW)
    order_drive(ledger, "run-1", HOW.model_copy(update={"servers": ("http://elsewhere",)}))
    how = ordered_drive(ledger, "run-1")
    assert how is not None and how.servers == ("http://elsewhere",) and len(orders_to_drive(ledger)) == 1


def test_an_order_stands_until_the_run_ends_or_somebody_must_mend_something(ledger: Ledger) -> None:
    for state, reason, keep in (
        ("paused", INTERRUPTED, True),
        ("paused", "the key is refused", False),
        ("complete", "", False),
    ):
        order_drive(ledger, "run-1", HOW)
        ledger.acquire("run-1", ordered=True).release(state, reason, keep_order=keep)
        assert [order.run_id for order in orders_to_drive(ledger)] == (["run-1"] if keep else [])


def test_a_command_of_its_own_takes_the_run_from_the_service(ledger: Ledger) -> None:
    order_drive(ledger, "run-1", HOW)
    ledger.acquire("run-1")
    assert orders_to_drive(ledger) == []


def test_a_service_takes_only_what_is_ordered(ledger: Ledger) -> None:
    with pytest.raises(RunNotOrdered, match="run-1"):
        ledger.acquire("run-1", ordered=True)
    order_drive(ledger, "run-1", HOW)
    assert order_cancel(ledger, "run-1")
    with pytest.raises(RunNotOrdered):
        ledger.acquire("run-1", ordered=True)


def test_a_run_that_nobody_drives_is_cancelled_at_once(ledger: Ledger) -> None:
    assert order_cancel(ledger, "run-1")
    assert (ledger.run("run-1").state, ledger.run("run-1").reason) == ("paused", CANCELLED)


def test_a_driver_sees_that_its_run_is_cancelled(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    assert not journal.cancelled()
    assert not order_cancel(ledger, "run-1")
    assert journal.cancelled() and ledger.run("run-1").state == "running"
    journal.release("paused", CANCELLED)
    again = ledger.acquire("run-1")
    assert not again.cancelled()


def test_a_finished_run_stays_finished(ledger: Ledger) -> None:
    ledger.acquire("run-1").release("complete")
    assert order_cancel(ledger, "run-1")
    assert ledger.run("run-1").state == "complete"


def test_an_order_can_be_taken_back_with_a_reason(ledger: Ledger) -> None:
    order_drive(ledger, "run-1", HOW)
    withdraw_order(ledger, "run-1", "its coordinator keeps dying")
    assert orders_to_drive(ledger) == []
    assert (ledger.run("run-1").state, ledger.run("run-1").reason) == ("paused", "its coordinator keeps dying")


def test_an_unknown_run_and_a_damaged_order_are_named(ledger: Ledger) -> None:
    with pytest.raises(RunNotFound, match="run-9"):
        order_drive(ledger, "run-9", HOW)
    with pytest.raises(RunNotFound, match="run-9"):
        order_cancel(ledger, "run-9")
    order_drive(ledger, "run-1", HOW)
    with ledger.write() as db:
        db.execute(sa.text("UPDATE orders SET how = '[]'"))
    with pytest.raises(LedgerCorrupt, match="run-1"):
        ordered_drive(ledger, "run-1")
