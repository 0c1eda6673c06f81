"""What all workers of one Redis know of a model server's health.

A server is **sick** if it is down (it cannot be reached, or says so) or stalled (it has requests, and none
of them makes progress). A sick server gets no requests (`farm.admission.slots`). Times are Redis's, so that
workers with differing clocks agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import redis

from farm.admission.slots import time_of
from farm.queue.redis_keys import RUN_TTL_S, Keys

Kind = Literal["down", "stalled"]
# KEYS mark; ARGV worker, worker's presence key prefix, seconds
ELECT = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. holder) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""
WARM_S = 600.0
ELECTED_S = 3600  # a watcher whose presence is gone is replaced at once


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server now; seconds since, None where it never was."""

    in_use: int
    busy_s: float | None  # since it had no request
    silent_s: float | None  # since any request made progress; None: it has not shown yet that it is warm
    counters: float | None  # what its own counters added up to when they were last read
    sick: Kind | None
    sick_s: float
    reason: str

    @property
    def warm(self) -> bool:
        """Whether it gave a token in this stretch of work or shortly before; it may be restarted in a longer pause."""
        if self.silent_s is None:
            return False
        return self.busy_s is None or self.silent_s < self.busy_s + WARM_S

    @property
    def idle_s(self) -> float:
        """For how long its requests have made no progress; 0 if it has none."""
        if not self.in_use:
            return 0.0
        return min(since for since in (self.busy_s, self.silent_s, float("inf")) if since is not None)


class ServerHealth:
    """The health of servers in one Redis. Every method may raise RedisError."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._redis, self._keys = connection, keys
        self._elect = connection.register_script(ELECT)

    def read(self, url: str) -> ServerFacts:
        """What is known now."""
        now = time_of(self._redis)
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(self._facts(url))
        pipe.zcount(self._keys.server(url, "leases"), int(now * 1000), "+inf")
        facts, in_use = cast(tuple[dict[bytes, bytes], int], tuple(pipe.execute()))

        def since(name: bytes) -> float | None:
            return max(0.0, now - float(facts[name])) if name in facts else None

        kind = facts.get(b"kind", b"").decode()
        return ServerFacts(
            in_use=in_use,
            busy_s=since(b"busy_at"),
            silent_s=since(b"progress_at"),
            counters=float(facts[b"counters"]) if b"counters" in facts else None,
            sick=cast(Kind, kind) if b"sick" in facts else None,
            sick_s=since(b"sick_at") or 0.0,
            reason=facts.get(b"sick", b"").decode("utf-8", "replace"),
        )

    def progress(self, url: str, counters: float | None = None) -> None:
        """The server made progress; a stall is over. `counters` are what it showed, if they were read."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._facts(url), "progress_at", str(time_of(self._redis)))
        if counters is not None:
            pipe.hset(self._facts(url), "counters", str(counters))
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def note_counters(self, url: str, counters: float) -> None:
        """Remember what the counters add up to, for the next look at them."""
        self._redis.hset(self._facts(url), "counters", str(counters))

    def mark_sick(self, url: str, kind: Kind, reason: str) -> None:
        """Send nothing to this server until it is well. Since when is kept where it was sick already."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._facts(url), mapping={"sick": reason, "kind": kind})
        pipe.hsetnx(self._facts(url), "sick_at", str(time_of(self._redis)))
        if kind == "down":  # when it is back it has to warm up again
            pipe.hdel(self._facts(url), "progress_at", "counters")
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def mark_well(self, url: str) -> None:
        """Requests may go to this server again."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(self._facts(url), "sick", "kind", "sick_at")
        pipe.hset(self._facts(url), "busy_at", str(time_of(self._redis)))  # what it still has gets its patience anew
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def sick_for(self, urls: Sequence[str]) -> tuple[float, str]:
        """For how long none of these servers has been well, and what the last one suffers from; 0 if one is."""
        seen = [self.read(url) for url in urls]
        if any(facts.sick is None for facts in seen):
            return 0.0, ""
        last = min(seen, key=lambda facts: facts.sick_s)
        return last.sick_s, last.reason

    def elected(self, url: str, worker: str) -> bool:
        """Whether this worker is the one that looks after the server; another one once it is gone."""
        mark = self._keys.server(url, "watcher")
        return bool(self._elect(keys=[mark], args=[worker, self._keys.worker(""), ELECTED_S]))

    def may_end_one(self, url: str, pace_s: float) -> bool:
        """Whether a request to the server may be broken off now: one in `pace_s` seconds, over all workers."""
        mark = self._keys.server(url, "ended-one")
        return bool(self._redis.set(mark, "1", nx=True, px=max(1, int(pace_s * 1000))))

    def _facts(self, url: str) -> str:
        return self._keys.server(url, "facts")
