"""What a driver makes of what Redis says of its servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.admission.slots import Slots, Ticket, TicketName
from farm.coordinator.servers import RunServers, window
from farm.queue.redis_keys import Keys
from tests.support.redis_server import running_redis

ONE, TWO = "http://one:8000", "http://two:8000"


@pytest.fixture
def slots(tmp_path: Path) -> Iterator[Slots]:
    with running_redis(tmp_path / "redis") as redis:
        client = redis.client()
        yield Slots(client, Keys("farm:"))
        client.close()


def test_limits_requests_and_ailments_of_its_own(slots: Slots) -> None:
    mine = RunServers(slots, "mine", (ONE, TWO), 4)
    assert (mine.room, mine.in_flight, mine.slowest(), mine.ailing()) == (8, 0, {}, [])
    tickets = [Ticket(TicketName("mine", n, "w", f"p|q#{n}"), (ONE, TWO), 4) for n in range(5)]
    slots.exchange("w", "", waiting=tickets[:1])
    slots.exchange("w", "", waiting=[*tickets[1:], Ticket(TicketName("other", 1, "w", "x#1"), (ONE,), 4)])
    mine.look()
    assert (mine.room, mine.in_flight) == (8, 5)
    assert len(mine.slowest()) == 3 and set(mine.slowest()) <= {f"p|q#{n}" for n in range(5)}
    slots.set_limit(ONE, 16)
    mine.look()
    assert mine.room == 20


def test_a_run_without_servers_asks_nothing(slots: Slots) -> None:
    none = RunServers(slots, "grade", (), 1)
    none.look()
    assert (none.room, none.in_flight) == (0, 0)


def test_a_few_more_are_out_than_there_are_slots() -> None:
    assert [window(slots) for slots in (0, 1, 8, 32, 256)] == [2, 3, 10, 40, 320]
