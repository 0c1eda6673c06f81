"""Many jobs into a queue in one round trip, each in the form that Celery gives a task of ours.

Celery publishes one message at a time: with a Redis client made for it, a round trip, and a walk through routes,
retries and serialisers that have one answer here. For a program of milliseconds that was most of the coordinator's
own work. What lands in the queue is the same (tests/unit/queue/test_publisher.py compares the two), so workers, Flower
and kombu's redelivery see ordinary tasks.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import uuid
from collections.abc import Sequence
from typing import Any

import redis

from farm.config import Settings
from farm.queue.messages import Letter, Sender
from farm.queue.redis_keys import Keys

_EMBEDDED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def sender(settings: Settings, connection: redis.Redis) -> Sender:
    """The sender for these settings; `connection` stays the caller's."""
    if settings.task_events:
        from farm.queue.celery_publisher import CeleryPost  # a coordinator that needs no Celery does not load it

        return CeleryPost(settings)
    return Post(connection, Keys(settings.key_prefix))


class Post:
    """Puts tasks into the queues of one Redis."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._redis, self._keys = connection, keys
        self._origin = f"gen{os.getpid()}@{socket.gethostname()}"
        self._reply_to = str(uuid.uuid4())  # nobody replies; Celery's messages name one

    def send(self, queue: str, letters: Sequence[Letter]) -> None:
        """Append to a queue, in order; all of them or none. Raises RedisError."""
        if letters:
            self._redis.lpush(self._keys.queue(queue), *(self._entry(queue, letter) for letter in letters))

    def close(self) -> None:
        """Nothing: the connection is another's."""

    def _entry(self, queue: str, letter: Letter) -> str:
        body = json.dumps([[], {"job": letter.job}, _EMBEDDED]).encode()
        shown = {"argsrepr": "()", "kwargsrepr": letter.shown}
        headers: dict[str, Any] = {
            "lang": "py", "task": letter.task, "id": letter.task_id, "shadow": None, "eta": None, "expires": None,
            "group": None, "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": letter.task_id,
            "parent_id": None, **shown, "origin": self._origin, "ignore_result": True, "replaced_task_nesting": 0,
            "stamped_headers": None, "stamps": {},
        }  # fmt: skip
        properties = {
            "correlation_id": letter.task_id, "reply_to": self._reply_to, **shown, "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue}, "priority": 0, "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        }  # fmt: skip
        return json.dumps(
            {
                "body": base64.b64encode(body).decode(),
                "content-encoding": "utf-8",
                "content-type": "application/json",
                "headers": headers,
                "properties": properties,
            }
        )
