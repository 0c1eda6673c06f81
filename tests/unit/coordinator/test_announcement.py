"""Which workers a run counts on: those of its version that have its secret. The others are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from farm.coordinator.announcement import Announcement
from farm.ledger.executions import RuntimeIdentity
from farm.queue.messages import WIRE_VERSION
from farm.queue.quarantine import Quarantine
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from tests.support.redis_server import running_redis
from tests.unit.plans import spec

KEYS = Keys("farm:")
SIGNER = Signer(b"the secret of this farm")


def announce(connection: redis.Redis, name: str, **changes: Any) -> None:
    words: dict[Any, Any] = {
        "role": "execute", "version": "9.9", "wire": str(WIRE_VERSION), "key": SIGNER.key_id,
        "sandboxes": json.dumps({"python": ["cpython", "landlock"]}),
    }  # fmt: skip
    words.update(changes)
    connection.hset(KEYS.worker(name), mapping=words)


@pytest.mark.redis
def test_workers_of_another_secret_or_version_are_named_and_not_counted_on(tmp_path: Path) -> None:
    with running_redis(tmp_path / "redis") as server, server.client() as connection:
        announcement = Announcement(connection, KEYS, "run-1", 1, spec(), "identity", SIGNER.key_id)
        announce(connection, "foreign@host", key="another")
        announce(connection, "new@host", wire=str(WIRE_VERSION + 1))
        found = announcement.connected_workers()
        assert not found.roles and not found.runtimes
        foreign, new = found.incompatible
        assert "foreign@host has another FARM_SECRET" in foreign
        assert "new@host is of another version (VersionSkew): farm 9.9" in new
        announce(connection, "ours@host")
        assert announcement.connected_workers().runtimes == {RuntimeIdentity("cpython", "landlock")}


@pytest.mark.redis
def test_messages_refused_meanwhile_are_counted_once(tmp_path: Path) -> None:
    with running_redis(tmp_path / "redis") as server, server.client() as connection:
        quarantine = Quarantine(connection, KEYS)
        quarantine.refuse("before this run")
        announcement = Announcement(connection, KEYS, "run-1", 1, spec(), "identity", SIGNER.key_id)
        assert announcement.newly_refused() == 0
        quarantine.refuse_many([("one", None), ("two", {})])
        assert [announcement.newly_refused(), announcement.newly_refused()] == [2, 0]
        connection.flushall()
        assert announcement.newly_refused() == 0
        assert all(connection.ttl(key) > 0 for key in connection.scan_iter())
