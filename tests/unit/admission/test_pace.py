"""How a server that refuses requests for now is slowed down and comes back, on a real Redis with a simulated clock.

The script reads Redis's clock; here its stamps are moved into the past instead, which is the same as time passing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
import redis

from farm.admission.pace_script import PAUSE_MS, START
from farm.admission.slots import Refused, Slots, Ticket, TicketName
from farm.queue.redis_keys import Keys
from tests.support.model_server import Quota
from tests.support.redis_server import RedisServer, running_redis

KEYS = Keys("farm:")
ONE = "http://one:8000"
LIMITED, BUSY = Refused(limited=True), Refused(limited=False)
STAMPS = (b"open_at", b"closed_at", b"granted_at", b"tried_at", b"cycle_at")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


class Line:
    """One worker with many requests for one server, whose clock can be moved."""

    def __init__(self, connection: redis.Redis, samples: int, limit: int = 1000) -> None:
        self.redis, self.slots = connection, Slots(connection, KEYS)
        self.numbers = count()
        self.waiting = [self.ticket(limit) for _ in range(samples)]
        self.out: dict[TicketName, Ticket] = {}
        self.now_s = 0.0

    def ticket(self, limit: int) -> Ticket:
        return Ticket(TicketName("run", next(self.numbers), "w", ""), (ONE,), limit)

    def exchange(
        self, ended: list[Ticket] | None = None, taken: int = 0, refused: Refused | None = None
    ) -> list[Ticket]:
        """The tickets that are granted now."""
        _, granted = self.slots.exchange(
            "w", "", waiting=self.waiting, ended=ended or [], accepted={ONE: taken} if taken else {},
            refused={} if refused is None else {ONE: refused},
        )  # fmt: skip
        new = [ticket for ticket in self.waiting if ticket.name in granted]
        self.waiting = [ticket for ticket in self.waiting if ticket.name not in granted]
        self.out |= {ticket.name: ticket for ticket in new}
        for ticket in ended or ():
            self.out.pop(ticket.name, None)
        return new

    def refuse(self, tickets: list[Ticket], said: Refused = LIMITED) -> list[Ticket]:
        """The server refuses these: they give their slots back and wait again."""
        self.waiting += [
            Ticket(TicketName("run", next(self.numbers), "w", ""), (ONE,), ticket.limit) for ticket in tickets
        ]
        return self.exchange(ended=tickets, refused=said)

    def pass_s(self, seconds: float) -> None:
        """Time passes: all stamps are so much older."""
        self.now_s += seconds
        pace = KEYS.server(ONE, "pace")
        for name, value in self.redis.hgetall(pace).items():
            if name in STAMPS and float(value) > 0:
                self.redis.hset(pace, name, str(float(value) - 1000 * seconds))
        for name, value in self.redis.hgetall(KEYS.server(ONE, "begun")).items():
            self.redis.hset(KEYS.server(ONE, "begun"), name, str(float(value) - 1000 * seconds))


@pytest.fixture
def connection(server: RedisServer) -> Iterator[redis.Redis]:
    client = server.client()
    client.flushall()
    yield client
    assert [key for key in client.scan_iter() if client.ttl(key) < 0] == [], "keys without a TTL"
    client.close()


def test_a_server_gets_few_requests_at_first_and_more_with_each_that_it_takes(connection: redis.Redis) -> None:
    line = Line(connection, 100)
    assert len(line.exchange()) == START
    assert len(line.exchange()) == 0
    assert len(line.exchange(taken=START)) == START
    assert len(line.exchange(taken=START)) == START


def test_requests_that_are_out_for_a_second_count_as_taken(connection: redis.Redis) -> None:
    line = Line(connection, 100)
    line.exchange()
    line.pass_s(1.5)
    assert len(line.exchange()) == START


def test_after_a_refusal_nothing_goes_out_and_then_one_request_to_try(connection: redis.Redis) -> None:
    line = Line(connection, 100)
    sent = line.exchange()
    assert line.refuse(sent[1:]) == []
    assert 0 < line.slots.look([ONE])[0].closed_s <= PAUSE_MS / 1000
    line.pass_s(PAUSE_MS / 1000 + 0.1)
    [trial] = line.exchange()
    assert line.exchange() == [], "one alone"
    assert line.refuse([trial]) == []
    line.pass_s(PAUSE_MS / 1000 + 0.1)
    assert line.exchange() == [], "the second pause is longer"
    line.pass_s(PAUSE_MS / 1000 + 0.1)
    assert len(line.exchange()) == 1


def test_what_the_server_asks_for_is_obeyed(connection: redis.Redis) -> None:
    line = Line(connection, 100)
    line.refuse(line.exchange(), Refused(limited=True, wait_s=60.0))
    line.pass_s(59.0)
    assert line.exchange() == []
    line.pass_s(1.1)
    assert len(line.exchange()) == 1


def test_a_server_that_was_away_gets_more_and_more_again(connection: redis.Redis) -> None:
    line = Line(connection, 1000)
    line.refuse(line.exchange(), BUSY)
    line.pass_s(1.1)
    [trial] = line.exchange()
    assert len(line.exchange(taken=1, ended=[trial])) >= 1
    granted = [len(line.exchange(taken=len(line.out))) for _ in range(5)]
    assert granted == sorted(granted) and granted[-1] >= 16, granted


def test_a_trial_that_is_not_refused_within_a_second_counts_as_taken(connection: redis.Redis) -> None:
    line = Line(connection, 100)
    line.refuse(line.exchange(), BUSY)
    line.pass_s(1.1)
    assert len(line.exchange()) == 1
    line.pass_s(1.1)
    assert len(line.exchange()) >= 1
    assert line.slots.look([ONE])[0].closed_s == 0


@pytest.mark.parametrize(
    ("requests", "seconds", "samples"), [(5, 30.0, 18), (1, 10.0, 18), (2, 60.0, 18), (20, 60.0, 60)]
)
def test_a_quota_without_a_word_when_it_ends_costs_at_most_one_more_request_a_sample(
    connection: redis.Redis, requests: int, seconds: float, samples: int
) -> None:
    quota, line = Quota(requests, seconds), Line(connection, samples)
    answered = sent = 0
    granted = line.exchange()
    while answered < samples:
        assert line.now_s < 3600, f"{answered} of {samples} in an hour"
        sent += len(granted)
        verdicts = [(ticket, quota.take(line.now_s)) for ticket in granted]
        taken = [ticket for ticket, ok in verdicts if ok]
        refused = [ticket for ticket, ok in verdicts if not ok]
        answered += len(taken)
        granted = line.exchange(ended=taken, taken=len(taken)) if taken else []
        if refused:
            granted += line.refuse(refused)
        if not granted:
            line.pass_s(1.0)
            granted = line.exchange()
    assert sent <= 2 * samples, f"{sent} requests for {samples} samples in {line.now_s:.0f} s"
    assert line.now_s <= 3 * seconds * samples / requests + 120, "and the quota is put to use"
