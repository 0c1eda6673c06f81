"""Slots of model servers in a real Redis: how many, whose turn, and what a dead worker leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import cast

import pytest
import redis

from farm.admission import slots as module
from farm.admission.slots import Slots, Ticket, TicketName
from farm.queue.redis_keys import Keys
from tests.support.redis_server import RedisServer, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
ONE, TWO = "http://one:8000", "http://two:8000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def connection(server: RedisServer) -> Iterator[redis.Redis]:
    client = server.client()
    client.flushall()
    yield client
    operators = KEYS.server(ONE, "limit").encode()
    leaked = [key for key in client.scan_iter() if client.ttl(key) < 0 and key != operators]
    client.close()
    assert leaked == [], "keys without a TTL"


@pytest.fixture
def slots(connection: redis.Redis) -> Slots:
    return Slots(connection, KEYS)


def tickets(run: str, count: int, *, limit: int = 4, servers: tuple[str, ...] = (ONE,)) -> list[Ticket]:
    return [Ticket(TicketName(run, n, "w", ""), servers, limit) for n in range(count)]


def in_use(slots: Slots, url: str = ONE) -> int:
    return slots.look([url])[0].in_use


def test_no_more_than_the_limit_is_granted_and_a_slot_that_is_given_back_goes_to_the_next(slots: Slots) -> None:
    wanted = tickets("run", 6)
    _, granted = slots.exchange("w", "", waiting=wanted)
    assert granted == dict.fromkeys([t.name for t in wanted[:4]], ONE)
    _, granted = slots.exchange("w", "", waiting=wanted[4:], ended=[wanted[1]])
    assert granted == {wanted[4].name: ONE}
    [state] = slots.look([ONE])
    assert state.ages_s.keys() == {t.name for t in wanted[:5]} - {wanted[1].name}
    assert all(0 <= age_s < 60 for age_s in state.ages_s.values())
    assert (state.limit, state.in_use, state.waiting, state.by_run) == (4, 4, 1, {"run": 4})


def test_a_slot_granted_for_another_worker_is_found_by_it(slots: Slots) -> None:
    [mine, other], [third] = tickets("run", 2, limit=1), tickets("second", 1, limit=1)
    slots.exchange("w1", "", waiting=[mine])
    assert slots.exchange("w2", "", waiting=[other])[1] == {}
    assert slots.exchange("w1", "", ended=[mine], waiting=[third])[1] == {}, "the other has waited longer"
    assert slots.exchange("w2", "", waiting=[other])[1] == {other.name: ONE}


def test_runs_share_a_server_by_what_they_have_in_flight(slots: Slots) -> None:
    greedy, late = tickets("greedy", 40), tickets("late", 3)
    held = list(slots.exchange("w", "", waiting=greedy)[1])
    slots.exchange("w", "", waiting=late)
    by_name = {ticket.name: ticket for ticket in greedy + late}
    turns = Counter[str]()
    for _ in range(3):
        ended = by_name[held.pop(0)]
        left = [t for t in greedy + late if t.name not in held and t is not ended]
        held += slots.exchange("w", "", waiting=left, ended=[ended])[1]
        turns.update(name.run_id for name in held[-1:])
    assert turns == {"late": 2, "greedy": 1}, "two of four slots each"


def test_the_limit_changes_at_once_both_ways_and_back_to_the_catalogues(slots: Slots) -> None:
    wanted = tickets("run", 9)
    assert len(slots.exchange("w", "", waiting=wanted)[1]) == 4
    slots.set_limit(ONE, 6)
    assert len(slots.exchange("w", "", waiting=wanted[4:])[1]) == 2
    slots.set_limit(ONE, 0)
    assert slots.exchange("w", "", waiting=wanted[6:], ended=wanted[:6])[1] == {}
    assert slots.look([ONE])[0].limit == 0
    slots.set_limit(ONE, None)
    assert len(slots.exchange("w", "", waiting=wanted[6:])[1]) == 3


def test_several_servers_are_filled_evenly_and_a_sick_one_gets_nothing(slots: Slots, connection: redis.Redis) -> None:
    wanted = tickets("run", 12, servers=(ONE, TWO))
    _, granted = slots.exchange("w", "", waiting=wanted[:4])
    assert Counter(granted.values()) == {ONE: 2, TWO: 2}
    connection.hset(KEYS.server(ONE, "facts"), "sick", "it hangs")
    _, granted = slots.exchange("w", "", waiting=wanted[4:])
    assert list(granted.values()) == [TWO, TWO]
    assert slots.look([ONE])[0].sick == "it hangs"


def test_the_slots_and_the_places_in_line_of_a_dead_worker_come_back(
    slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_S", 0.3)
    dead, alive = tickets("dead", 6), tickets("alive", 4)
    slots.exchange("dead", "", waiting=dead)

    def granted() -> bool:
        slots.exchange("alive", "", waiting=alive)
        return in_use(slots) == 4 and slots.look([ONE])[0].by_run == {"alive": 4}

    wait_until(granted, "the dead worker's slots are free", every_s=0.05)


def test_what_is_renewed_lasts_longer(slots: Slots, connection: redis.Redis) -> None:
    def ends() -> float:
        return cast(float, connection.zscore(KEYS.server(ONE, "leases"), str(held.name)))

    [held] = tickets("held", 1)
    slots.exchange("w", "", waiting=[held])
    before = ends()

    def renewed() -> bool:
        slots.exchange("w", "", held=[(held, ONE)])
        return ends() > before

    wait_until(renewed, "the lease ends later")


def test_after_redis_forgot_nothing_is_granted_until_workers_have_said_what_they_hold(
    slots: Slots, connection: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_S", 1.0)
    old, new = tickets("old", 4), tickets("new", 4)
    epoch, _ = slots.exchange("w", "", waiting=old)
    other, _ = slots.exchange("w2", "")
    connection.flushall()
    connection.script_flush()
    assert slots.exchange("w2", other, waiting=new)[1] == {}, "w's four requests are still out"
    slots.exchange("w", epoch, held=[(t, ONE) for t in old])
    assert in_use(slots) == 4
    wait_until(lambda: not connection.exists(KEYS.admission("closed")), "the grace is over")
    epoch, granted = slots.exchange("w2", other, waiting=new)
    assert granted == {} and in_use(slots) == 4
    wait_until(lambda: not connection.exists(KEYS.admission("closed")), "no grace without end")
