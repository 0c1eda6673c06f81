"""Publishes many jobs to a queue in one round trip, in the form in which Celery itself would publish them.

Celery publishes one message at a time: it makes a Redis client, waits for a round trip, and looks up routes, retries
and serialisers, which are always the same here. For programs that run for milliseconds this was most of the
coordinator's work. The messages in the queue are the same as Celery's (tests/unit/queue/test_publisher.py compares
them), so workers, Flower and kombu's redelivery see ordinary tasks.
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
from farm.queue.broker import client
from farm.queue.messages import Publisher, TaskMessage
from farm.queue.redis_keys import Keys

_EMBEDDED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def publisher_for(settings: Settings) -> Publisher:
    """The publisher for these settings."""
    if settings.task_events:
        from farm.queue.celery_publisher import CeleryPublisher  # a coordinator that needs no Celery does not load it

        return CeleryPublisher(settings)
    # A message that is sent again after a late reply is in the queue twice, and its job is done twice. One that was not
    # sent is found missing by the coordinator.
    return RedisPublisher(client(settings, retries=0), Keys(settings.key_prefix))


class RedisPublisher:
    """Puts tasks into the queues of one Redis, and closes its connection."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._redis, self._keys = connection, keys
        self._origin = f"gen{os.getpid()}@{socket.gethostname()}"
        self._reply_to = str(uuid.uuid4())  # Celery's messages name a reply queue; ours has no readers

    def send(self, queue: str, messages: Sequence[TaskMessage]) -> None:
        """Append to a queue, in order; all of them or none. Raises RedisError."""
        if messages:
            self._redis.lpush(self._keys.queue(queue), *(self._entry(queue, message) for message in messages))

    def close(self) -> None:
        """End its connections."""
        self._redis.close()

    def _entry(self, queue: str, message: TaskMessage) -> str:
        body = json.dumps([[], {"job": message.job}, _EMBEDDED]).encode()
        shown = {"argsrepr": "()", "kwargsrepr": message.shown}
        headers: dict[str, Any] = {
            "lang": "py", "task": message.task, "id": message.task_id, "shadow": None, "eta": None, "expires": None,
            "group": None, "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": message.task_id,
            "parent_id": None, **shown, "origin": self._origin, "ignore_result": True, "replaced_task_nesting": 0,
            "stamped_headers": None, "stamps": {},
        }  # fmt: skip
        properties = {
            "correlation_id": message.task_id, "reply_to": self._reply_to, **shown, "delivery_mode": 2,
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
