"""The slots of model servers in Redis: who holds one, who waits for one, and how many there are.

More requests than a server has slots only queue inside it and use up their own deadlines. So a request needs a
lease, over all runs, users and workers of one Redis. A lease is a member of the server's sorted set whose score is
when it ends, by Redis's clock: a worker that dies stops renewing, and its slots come back by themselves.

One script does everything (end, renew, wait, grant), so that no two workers can take the last slot.
Whoever calls it grants for all: a free slot goes to the run with the fewest requests in flight, of equals
to the one that has waited longest, on the server of its list with the most room; a ticket of another
worker finds its grant at that worker's next call.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self, cast

import redis

from farm.admission.grant_script import SCRIPT
from farm.ids import canonical_json
from farm.queue.redis_keys import RUN_TTL_S, Keys

LEASE_S = 20.0
GRACE_S = 5.0  # after Redis forgot its leases: long enough for every living worker to say what it holds


class TicketName(NamedTuple):
    """What names one request in Redis, as `run|number|worker|sample`. The script reads the run from it."""

    run_id: str
    number: int  # of the worker's requests
    worker: str
    sample: str

    def __str__(self) -> str:
        return f"{self.run_id}|{self.number:09d}|{self.worker}|{self.sample}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that `str` wrote; ValueError if it is none."""
        run_id, number, worker, sample = text.split("|", 3)
        return cls(run_id, int(number), worker, sample)


FRESH_S = 10.0  # what a worker process told of unfinished answers counts for so long


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request of a run on its way to one of `servers`. `limit` is the catalogue's, where no operator set one."""

    name: TicketName
    servers: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A server took no request for now: because of a rate limit, or because it is busy or away (HTTP 502 to 504).

    `wait_s` is what it asked for; None: it did not say.
    """

    limited: bool
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class ServerState:
    """A model server as Redis knows it. `limit` None: no operator set one, and no run has used it of late."""

    url: str
    limit: int | None
    set_by_operator: bool
    in_use: int
    by_run: dict[str, int]  # of the requests in flight
    waiting: int  # tickets that list it
    ages_s: dict[TicketName, float]  # how long each request has its slot
    sick: str  # why it gets no requests; empty: it is well
    closed_s: float  # for how long it gets none, because it refused some; 0: it is asked


class Slots:
    """The slots of all servers in one Redis. Every method is one round trip and may raise RedisError."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._redis, self._keys = connection, keys
        self._script = connection.register_script(SCRIPT)

    def exchange(
        self,
        worker: str,
        epoch: str,
        *,
        waiting: Iterable[Ticket] = (),
        held: Iterable[tuple[Ticket, str]] = (),
        ended: Iterable[Ticket] = (),
        accepted: Mapping[str, int] = MappingProxyType({}),
        refused: Mapping[str, Refused] = MappingProxyType({}),
    ) -> tuple[str, dict[TicketName, str]]:
        """Say what a worker has and wants; the epoch to say next time, and the servers of tickets that were granted.

        `held` is renewed, `ended` given back or withdrawn. `accepted` are requests that servers took since the last
        time, `refused` is what servers said that took none: both set the pace at which a server is asked.
        """
        ask = {
            "worker": worker,
            "epoch": epoch,
            "lease_ms": int(LEASE_S * 1000),
            "grace_ms": int(GRACE_S * 1000),
            "ttl": RUN_TTL_S,
            "waiting": [
                {"ticket": str(t.name), "run": t.name.run_id, "servers": list(t.servers), "limit": t.limit}
                for t in waiting
            ],
            "held": [{"ticket": str(ticket.name), "server": server} for ticket, server in held],
            "ended": [{"ticket": str(t.name), "servers": list(t.servers)} for t in ended],
            "accepted": [{"server": url, "number": number} for url, number in accepted.items()],
            "refused": [
                {
                    "server": url,
                    "limited": said.limited,
                    "wait_ms": -1 if said.wait_s is None else int(said.wait_s * 1000),
                }
                for url, said in refused.items()
            ],
        }
        reply = cast(list[bytes], self._script(args=[self._keys.prefix, canonical_json(ask)]))
        now, *pairs = reply
        granted = zip(map(_ticket_name, pairs[::2]), pairs[1::2], strict=True)
        return now.decode(), {name: server.decode() for name, server in granted if name is not None}

    def set_limit(self, url: str, limit: int | None) -> None:
        """At most `limit` requests in flight from now on; 0 lets nothing through, None is the catalogue's again.

        An operator's word: it stays until it is changed.
        """
        name = self._keys.server(url, "limit")
        if limit is None:
            self._redis.delete(name)
        else:
            self._redis.set(name, limit)

    def servers(self) -> list[str]:
        """The servers that had requests of late."""
        return sorted(raw.decode() for raw in cast(set[bytes], self._redis.smembers(self._keys.servers)))

    def streamed(self, urls: Sequence[str], run_id: str) -> int:
        """Tokens of a run's unfinished answers of these servers, as workers told lately (farm.admission.streamed)."""
        rows = [cast(dict[bytes, bytes], self._redis.hgetall(self._keys.server(url, "streamed"))) for url in urls]
        mine = run_id.encode() + b"|"
        return sum(_fresh_tokens(told) for row in rows for name, told in row.items() if name.startswith(mine))

    def look(self, urls: Sequence[str]) -> list[ServerState]:
        """The state of each server."""
        now_s = time_of(self._redis)
        pipe = self._redis.pipeline(transaction=False)
        pipe.hvals(self._keys.admission("tickets"))
        for url in urls:
            pipe.get(self._keys.server(url, "limit"))
            pipe.hgetall(self._keys.server(url, "facts"))
            pipe.zrangebyscore(self._keys.server(url, "leases"), int(now_s * 1000), "+inf")
            pipe.hgetall(self._keys.server(url, "begun"))
            pipe.hmget(self._keys.server(url, "pace"), "closed_at", "open_at")
        tickets, *rows = pipe.execute()
        waiting = Counter(url for ticket in tickets for url in json.loads(ticket)["servers"])
        return [
            _state(url, *rows[5 * number : 5 * number + 5], waiting=waiting[url], now_s=now_s)
            for number, url in enumerate(urls)
        ]


def _fresh_tokens(told: bytes) -> int:
    """The tokens that a worker process told, if that was lately; 0 for anything else."""
    tokens, _, at = told.decode("ascii", "replace").partition("|")
    try:
        return max(0, int(tokens)) if abs(time.time() - float(at)) < FRESH_S else 0
    except ValueError:
        return 0  # telemetry of another version


def time_of(connection: redis.Redis) -> float:
    """Redis's clock, Unix seconds."""
    seconds, micro = connection.time()
    return seconds + micro / 1e6


def _state(
    url: str,
    limit: bytes | None,
    facts: dict[bytes, bytes],
    leases: list[bytes],
    begun: dict[bytes, bytes],
    pace: list[bytes | None],
    *,
    waiting: int,
    now_s: float,
) -> ServerState:
    asked = facts.get(b"limit")
    names = {lease: name for lease in leases if (name := _ticket_name(lease)) is not None}
    effective = limit if limit is not None else asked
    return ServerState(
        url=url,
        limit=None if effective is None else int(effective),
        set_by_operator=limit is not None,
        in_use=len(leases),
        by_run=dict(Counter(name.run_id for name in names.values())),
        waiting=waiting,
        ages_s={name: now_s - float(begun[lease]) / 1000 for lease, name in names.items() if lease in begun},
        sick=facts.get(b"sick", b"").decode("utf-8", "replace"),
        closed_s=max(0.0, float(pace[1]) / 1000 - now_s) if pace[1] and float(pace[0] or 0) else 0.0,
    )


def _ticket_name(lease: bytes) -> TicketName | None:
    try:
        return TicketName.parse(lease.decode())
    except ValueError:
        return None  # not written by a worker of ours
