"""The slots of model servers in Redis: who holds one, who waits for one, and how many there are.

More requests than a server has slots only queue inside it and use up their own deadlines, whoever sent
them. So a request needs a lease, over all runs, users and workers of one Redis. A lease is a member of
the server's sorted set whose score is when it ends, by Redis's clock: a worker that dies stops renewing,
and its slots come back by themselves.

One script does everything (end, renew, wait, grant), so that no two workers can take the last slot.
Whoever calls it grants for all: a free slot goes to the run with the fewest requests in flight, of equals
to the one that has waited longest, on the server of its list with the most room; a ticket of another
worker finds its grant at that worker's next call.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import redis

from farm.ids import canonical_json
from farm.queue.redis_keys import RUN_TTL_S, Keys

LEASE_S = 20.0
GRACE_S = 5.0  # after Redis forgot its leases: long enough for every living worker to say what it holds

# The names of a server's keys are made here from the URLs in the tickets; all have farm's prefix, and
# one Redis holds them all.
SCRIPT = """
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = string.format('%.0f', now + ask.lease_ms)
local tickets, epoch_key = prefix .. 'admission:tickets', prefix .. 'admission:epoch'
local function of(url, what) return prefix .. 'server:' .. url .. ':' .. what end
local function lease(url, ticket)
  redis.call('ZADD', of(url, 'leases'), ends, ticket)
  redis.call('EXPIRE', of(url, 'leases'), ask.ttl)
  redis.call('HSETNX', of(url, 'begun'), ticket, now)
  redis.call('EXPIRE', of(url, 'begun'), ask.ttl)
end

-- A worker that knows another epoch has seen leases that this Redis does not hold any more.
local epoch = redis.call('GET', epoch_key)
if not epoch then
  epoch = string.format('%.0f', now)
  redis.call('SET', epoch_key, epoch)
end
redis.call('EXPIRE', epoch_key, ask.ttl)
if ask.epoch ~= '' and ask.epoch ~= epoch then
  redis.call('SET', prefix .. 'admission:closed', '1', 'PX', ask.grace_ms)
end

local function free(url, ticket)
  redis.call('ZREM', of(url, 'leases'), ticket)
  redis.call('HDEL', of(url, 'begun'), ticket)
end
for _, ended in ipairs(ask.ended) do
  redis.call('HDEL', tickets, ended.ticket)
  for _, url in ipairs(ended.servers) do free(url, ended.ticket) end
end
for _, held in ipairs(ask.held) do lease(held.server, held.ticket) end

local reply = {epoch}
local function tell(ticket, url)
  reply[#reply + 1] = ticket
  reply[#reply + 1] = url
end
for _, one in ipairs(ask.waiting) do
  local place = false
  for _, url in ipairs(one.servers) do
    if redis.call('ZSCORE', of(url, 'leases'), one.ticket) then place = url end
  end
  if place then
    lease(place, one.ticket)
    redis.call('HDEL', tickets, one.ticket)
    tell(one.ticket, place)
  else
    local known = redis.call('HGET', tickets, one.ticket)
    one.since = known and cjson.decode(known).since or now
    one.ends, one.worker = now + ask.lease_ms, ask.worker
    redis.call('HSET', tickets, one.ticket, cjson.encode(one))
    redis.call('EXPIRE', tickets, ask.ttl)
  end
end
if redis.call('EXISTS', prefix .. 'admission:closed') == 1 then return reply end

local queues, rows = {}, redis.call('HGETALL', tickets)
for i = 1, #rows, 2 do
  local one = cjson.decode(rows[i + 1])
  if one.ends < now then
    redis.call('HDEL', tickets, rows[i])
  else
    queues[one.run] = queues[one.run] or {}
    table.insert(queues[one.run], one)
  end
end
if next(queues) == nil then return reply end
local function older(a, b)
  if a.since ~= b.since then return a.since < b.since end
  return a.ticket < b.ticket
end
for _, queue in pairs(queues) do table.sort(queue, older) end

local used, of_run, limits, sick = {}, {}, {}, {}
local function look(url)
  if used[url] then return end
  local over = redis.call('ZRANGEBYSCORE', of(url, 'leases'), '-inf', string.format('%.0f', now))
  for _, ticket in ipairs(over) do free(url, ticket) end
  local leases = redis.call('ZRANGE', of(url, 'leases'), 0, -1)
  used[url] = #leases
  for _, ticket in ipairs(leases) do
    local run = string.match(ticket, '^[^|]*')
    of_run[run] = (of_run[run] or 0) + 1
  end
  limits[url] = tonumber(redis.call('GET', of(url, 'limit')) or nil)
  sick[url] = redis.call('HEXISTS', of(url, 'facts'), 'sick') == 1
end
for _, queue in pairs(queues) do
  for _, url in ipairs(queue[1].servers) do look(url) end
end
local function roomiest(one)
  local best, room = false, 0
  for _, url in ipairs(one.servers) do
    if not used[url] then look(url) end
    local free = (limits[url] or one.limit) - used[url]
    if not sick[url] and free > room then best, room = url, free end
  end
  return best
end
while true do
  local best, place = false, false
  for run, queue in pairs(queues) do
    local head = queue[1]
    local url = head and roomiest(head)
    if url then
      local mine, its = of_run[run] or 0, best and (of_run[best.run] or 0)
      if not best or mine < its or (mine == its and older(head, best)) then best, place = head, url end
    end
  end
  if not best then break end
  table.remove(queues[best.run], 1)
  redis.call('HDEL', tickets, best.ticket)
  lease(place, best.ticket)
  if used[place] == 0 then redis.call('HSET', of(place, 'facts'), 'busy_at', now / 1000) end
  used[place] = used[place] + 1
  of_run[best.run] = (of_run[best.run] or 0) + 1
  redis.call('HSET', of(place, 'facts'), 'limit', best.limit)
  redis.call('EXPIRE', of(place, 'facts'), ask.ttl)
  redis.call('SADD', prefix .. 'servers', place)
  redis.call('EXPIRE', prefix .. 'servers', ask.ttl)
  if best.worker == ask.worker then tell(best.ticket, place) end
end
return reply
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request of a run on its way to one of `servers`. `limit` is the catalogue's, where no operator set one."""

    name: str  # run|number|worker|sample: the script reads the run from it
    run_id: str
    servers: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class ServerState:
    """A model server as Redis knows it. `limit` None: nobody set one, and no run has used the server of late."""

    url: str
    limit: int | None
    set_by_operator: bool
    in_use: int
    by_run: dict[str, int]  # of the requests in flight
    waiting: int  # tickets that list it
    ages_s: dict[str, float]  # how long each request has its slot, by ticket
    sick: str  # why it gets no requests; empty: it is well


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
    ) -> tuple[str, dict[str, str]]:
        """Say what a worker has and wants; the epoch to say next time, and the servers of tickets that were granted.

        `held` is renewed, `ended` given back or withdrawn.
        """
        ask = {
            "worker": worker,
            "epoch": epoch,
            "lease_ms": int(LEASE_S * 1000),
            "grace_ms": int(GRACE_S * 1000),
            "ttl": RUN_TTL_S,
            "waiting": [
                {"ticket": t.name, "run": t.run_id, "servers": list(t.servers), "limit": t.limit} for t in waiting
            ],
            "held": [{"ticket": ticket.name, "server": server} for ticket, server in held],
            "ended": [{"ticket": t.name, "servers": list(t.servers)} for t in ended],
        }
        reply = cast(list[bytes], self._script(args=[self._keys.prefix, canonical_json(ask)]))
        now, *pairs = [word.decode() for word in reply]
        return now, dict(zip(pairs[::2], pairs[1::2], strict=True))

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
        tickets, *rows = pipe.execute()
        waiting = Counter(url for ticket in tickets for url in json.loads(ticket)["servers"])
        return [
            _state(url, *rows[4 * number : 4 * number + 4], waiting=waiting[url], now_s=now_s)
            for number, url in enumerate(urls)
        ]


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
    *,
    waiting: int,
    now_s: float,
) -> ServerState:
    asked = facts.get(b"limit")
    effective = limit if limit is not None else asked
    return ServerState(
        url=url,
        limit=None if effective is None else int(effective),
        set_by_operator=limit is not None,
        in_use=len(leases),
        by_run=dict(Counter(lease.decode().partition("|")[0] for lease in leases)),
        waiting=waiting,
        ages_s={lease.decode(): now_s - float(begun[lease]) / 1000 for lease in leases if lease in begun},
        sick=facts.get(b"sick", b"").decode("utf-8", "replace"),
    )
