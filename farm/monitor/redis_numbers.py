"""Numbers of the queues and workers, from Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.exceptions import NoPermissionError

from farm.admission.slots import ServerState, Slots
from farm.environments.known import KNOWN
from farm.ids import DEFAULT_RUNTIME
from farm.queue.quarantine import REFUSED, STALE
from farm.queue.redis_keys import Keys, execute_queue, score_queue
from farm.queue.workers import Worker, living_workers

ROLES = ("generate", "execute", "score")  # of workers


@dataclass(frozen=True, slots=True)
class RedisNumbers:
    """Queued and unacknowledged messages, living workers, and model servers."""

    queues: dict[str, int]
    unacked: int
    streams: dict[str, int]  # answers that no coordinator has taken yet, by run
    refused: dict[str, int]  # messages by reason; 0 is exported, too, or the first refusal would be no increase
    workers: list[Worker]
    servers: list[ServerState]  # that had requests recently
    memory_bytes: int | None  # None where this user may not ask
    memory_limit_bytes: int | None


def redis_numbers(connection: redis.Redis, keys: Keys, run_ids: list[str]) -> RedisNumbers:
    """The numbers of now."""
    announced = cast(set[bytes], connection.smembers(keys.generate_queues))
    workers, slots = living_workers(connection, keys), Slots(connection, keys)
    runtimes = {DEFAULT_RUNTIME, *(name for worker in workers for name in worker.runtimes)}
    queues = {execute_queue(name) for name in runtimes} | {raw.decode("utf-8", "replace") for raw in announced}
    scoring = {score_queue(name) for name in KNOWN}  # shown while something waits in them
    names = sorted(queues | scoring)
    pipe = connection.pipeline(transaction=False)
    for name in names:
        pipe.llen(keys.queue(name))
    for run_id in run_ids:
        pipe.xlen(keys.answers(run_id))
    for role in ROLES:
        pipe.hlen(keys.unacked(role)[0])
    pipe.hgetall(keys.quarantine_counts)
    said: list[Any] = pipe.execute()
    used, most = _memory(connection)
    return RedisNumbers(
        queues={name: waits for name, waits in zip(names, said, strict=False) if waits or name not in scoring},
        streams=dict(zip(run_ids, said[len(names) :], strict=False)),
        unacked=sum(said[-1 - len(ROLES) : -1]),
        refused={name.decode(): int(said[-1].get(name, 0)) for name in (REFUSED, STALE)},
        workers=workers,
        servers=slots.look(slots.servers()),
        memory_bytes=used,
        memory_limit_bytes=most,
    )


def _memory(connection: redis.Redis) -> tuple[int | None, int | None]:
    try:
        info = connection.info("memory")
    except NoPermissionError:
        return None, None
    return info.get("used_memory"), info.get("maxmemory") or None
