"""The names of kombu and Celery that farm overrides or touches exist in the pinned versions."""

from __future__ import annotations

import hashlib
import inspect

import pytest
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu import transport
from kombu.transport import redis as kombu_redis

from farm.queue.redis_keys import unacked_names
from farm.tasks import guard
from farm.tasks.heartbeat import lacking


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (guard._Guarded, kombu_redis.Channel),
        (guard._Guarded, kombu_redis.SentinelChannel),
        (guard.GuardedQoS, kombu_redis.QoS),
        (guard.GuardedConsumer, Consumer),
    ],
)
def test_each_overridden_name_exists(ours: type, theirs: type) -> None:
    own = {"_gone", "_note", "guard"}
    for name in vars(ours):
        if not name.startswith("__") and name not in own:
            assert hasattr(theirs, name), f"{theirs.__name__}.{name}"


def test_the_method_that_the_guard_replaces_is_the_one_that_was_read() -> None:
    """When kombu changes it, read it again, carry over what changed, and renew the digest."""
    source = inspect.getsource(kombu_redis.Channel._brpop_read)
    assert (
        hashlib.sha256(source.encode()).hexdigest()
        == "c42518699709f2df90f55a048fe6346612ae5527e5c4a6819f2c0920dc62088f"
    )


def test_the_names_that_the_lease_and_the_guard_touch_exist() -> None:
    assert lacking() == []
    for name in ("_flush_brpop_reauth", "sep", "_in_poll"):
        assert hasattr(kombu_redis.Channel, name), name
    assert set(unacked_names("execute")) <= set(kombu_redis.Channel.from_transport_options)
    assert {"redis", "rediss", "sentinel"} <= set(transport.TRANSPORT_ALIASES)
    assert hasattr(transport, "_transport_cache")
    assert hasattr(state, "active_requests")
