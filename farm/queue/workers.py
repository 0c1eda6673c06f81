"""The living workers, as their heartbeats describe them, and requests that a worker drain.

A worker is asked through a key that its own event loop reads (farm.tasks.heartbeat), because remote control is
switched off: it would let any client of Redis stop every worker.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import cast

import redis

from farm.errors import ConfigError
from farm.queue.redis_keys import Keys
from farm.text import one_line

DRAIN_REQUEST_TTL_S = 3600  # a worker that has not read it by then is gone; names are not reused


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as its heartbeat describes it; a missing field is empty or 0."""

    name: str
    role: str
    host: str
    version: str
    wire: str  # of its messages
    key_id: str  # the fingerprint of its FARM_SECRET
    sandboxes: dict[str, tuple[str, str]]  # by runtime: versions, and the tier
    environments: tuple[str, ...]  # for lm-eval's tasks
    slots: int
    most_slots: int  # more than `slots` where a worker grows with its queue
    busy: int
    draining: bool
    silent_s: float  # since its last heartbeat, by this host's clock

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The runtimes of programs that it has."""
        return tuple(sorted(self.sandboxes))

    @property
    def tiers(self) -> tuple[str, ...]:
        """How it confines programs, each way once."""
        return tuple(sorted({tier for _, tier in self.sandboxes.values()}))


def living_workers(connection: redis.Redis, keys: Keys) -> list[Worker]:
    """All living workers, by role, host and name."""
    names = list(connection.scan_iter(match=keys.worker("*"), count=1000))
    pipe = connection.pipeline(transaction=False)
    for key in names:
        pipe.hgetall(key)
    found = [
        _worker(key.decode("utf-8", "replace").removeprefix(keys.worker("")), said)
        for key, said in zip(names, cast(list[dict[bytes, bytes]], pipe.execute()), strict=True)
        if said
    ]
    return sorted(found, key=lambda worker: (worker.role, worker.host, worker.name))


def find(workers: list[Worker], name: str) -> Worker:
    """The worker of that name, which may be cut short. ConfigError if none or several fit."""
    fitting = [worker for worker in workers if worker.name == name] or [
        worker for worker in workers if worker.name.startswith(name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(worker.name for worker in fitting[:5])
        raise ConfigError(
            f"{one_line(name, 100)} fits {len(fitting)} workers: {names}", remedy="write more of the name"
        )
    raise ConfigError(f"no worker is named {one_line(name, 100)}", remedy="see: farm workers")


def ask_to_drain(connection: redis.Redis, keys: Keys, worker: Worker) -> None:
    """Ask a worker to take no more jobs, answer those it has, and end."""
    connection.set(keys.drain(worker.name), b"1", ex=DRAIN_REQUEST_TTL_S)


def _worker(name: str, said: dict[bytes, bytes]) -> Worker:
    slots = _number(said.get(b"slots"))
    return Worker(
        name=one_line(name, 200),
        role=_text(said.get(b"role")),
        host=_text(said.get(b"host")),
        version=_text(said.get(b"version")),
        wire=_text(said.get(b"wire")),
        key_id=_text(said.get(b"key")),
        sandboxes=_sandboxes(said.get(b"sandboxes")),
        environments=_names(said.get(b"environments")),
        slots=slots,
        most_slots=max(slots, _number(said.get(b"most_slots"))),
        busy=_number(said.get(b"busy")),
        draining=said.get(b"draining") == b"1",
        silent_s=max(0.0, time.time() - _seconds(said.get(b"seen"))),
    )


def _text(value: bytes | None) -> str:
    return one_line((value or b"").decode("utf-8", "replace"), 100)


def _number(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() else 0


def _seconds(value: bytes | None) -> float:
    try:
        return float(value or b"0")
    except ValueError:
        return 0.0


def _names(value: bytes | None) -> tuple[str, ...]:
    try:
        return tuple(sorted(one_line(str(name), 64) for name in json.loads(value or b"[]")))
    except (ValueError, TypeError):
        return ()


def _sandboxes(value: bytes | None) -> dict[str, tuple[str, str]]:
    try:
        said = json.loads(value or b"{}").items()
        return {one_line(str(name), 64): (str(versions), str(tier)) for name, (versions, tier) in said}
    except (ValueError, AttributeError, TypeError):
        return {}
