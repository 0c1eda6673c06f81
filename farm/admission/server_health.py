"""The health of model servers, shared by all workers of one Redis.

A server is **sick** if it is down (it cannot be reached, or says that it is not ready) or stalled (it has
requests and none of them makes progress). A sick server gets no requests (`farm.admission.slots`). Times are those of
Redis, so that workers with differing clocks agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import redis

from farm.admission.slots import time_of
from farm.queue.redis_keys import RUN_TTL_S, Keys

Kind = Literal["down", "stalled"]
# KEYS mark; ARGV worker, prefix of the heartbeat keys, seconds
ELECT = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. holder) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""
WARM_S = 600.0
ELECTED_S = 3600  # an elected worker whose heartbeat is missing is replaced at once


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server now. Fields ending in `_s` are seconds since an event; None if it never happened."""

    in_use: int
    busy_s: float | None  # since it last had no request
    silent_s: float | None  # since any request made progress; None: not yet, so it may not be warm
    counters: float | None  # the sum of the server's counters at the last reading
    sick: Kind | None
    sick_s: float
    reason: str

    @property
    def warm(self) -> bool:
        """Whether it gave a token since it has had requests or shortly before: later it may have restarted."""
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
        """The current facts."""
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
        """Record progress, which ends a stall. `counters`: the server's own, if they were read."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._facts(url), "progress_at", str(time_of(self._redis)))
        if counters is not None:
            pipe.hset(self._facts(url), "counters", str(counters))
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def note_counters(self, url: str, counters: float) -> None:
        """Store the sum of the counters for the next comparison."""
        self._redis.hset(self._facts(url), "counters", str(counters))

    def mark_sick(self, url: str, kind: Kind, reason: str) -> None:
        """Stop requests to this server until it is well. If it was sick already, the start of that time is kept."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._facts(url), mapping={"sick": reason, "kind": kind})
        pipe.hsetnx(self._facts(url), "sick_at", str(time_of(self._redis)))
        if kind == "down":  # it will have to warm up again
            pipe.hdel(self._facts(url), "progress_at", "counters")
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def mark_well(self, url: str) -> None:
        """Requests may go to this server again."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(self._facts(url), "sick", "kind", "sick_at")
        pipe.hset(self._facts(url), "busy_at", str(time_of(self._redis)))  # the stall time of its requests starts again
        pipe.expire(self._facts(url), RUN_TTL_S)
        pipe.execute()

    def sick_for(self, urls: Sequence[str]) -> tuple[float, str]:
        """Since how many seconds none of these servers is well, and the reason of the latest one; 0 if one is well."""
        seen = [self.read(url) for url in urls]
        if any(facts.sick is None for facts in seen):
            return 0.0, ""
        last = min(seen, key=lambda facts: facts.sick_s)
        return last.sick_s, last.reason

    def elected(self, url: str, worker: str) -> bool:
        """Whether this worker checks the server for all; another one is elected when it is gone."""
        mark = self._keys.server(url, "watcher")
        return bool(self._elect(keys=[mark], args=[worker, self._keys.worker(""), ELECTED_S]))

    def may_end_one(self, url: str, pace_s: float) -> bool:
        """Whether a request to the server may be aborted now: one in `pace_s` seconds, over all workers."""
        mark = self._keys.server(url, "ended-one")
        return bool(self._redis.set(mark, "1", nx=True, px=max(1, int(pace_s * 1000))))

    def _facts(self, url: str) -> str:
        return self._keys.server(url, "facts")
