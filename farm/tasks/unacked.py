"""The messages that a worker has received and not yet acknowledged, recorded in Redis as kombu records them.

If the worker dies, kombu gives these messages to other workers. kombu writes each record in two round trips, during
which the event loop stands still; here a thread writes many at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, TypeVar, cast

import redis

from farm.queue.redis_keys import Keys

log = logging.getLogger(__name__)

REFUSED_PAUSE_S = 1.0  # after Redis refused a write
_Item = TypeVar("_Item")


class UnackedMessages:
    """The records of one worker process of a role."""

    def __init__(self, connection: redis.Redis, keys: Keys, role: str) -> None:
        self._redis = connection
        self._messages, self._since = keys.unacked(role)
        self._received: deque[tuple[str, str]] = deque()  # tag and message, not recorded in Redis yet
        self._acknowledged: deque[str] = deque()  # tags whose records are to be deleted
        self._writing = threading.Lock()
        self._pending = threading.Event()
        self._writer: threading.Thread | None = None

    def add(self, tag: str, message: str) -> None:
        """Record a received message, in kombu's form. A thread writes it soon.

        If this worker is killed before that, the message is lost, like one whose reply is lost on the way from Redis:
        the coordinator sends its job again.
        """
        self._received.append((tag, message))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_on, name="unacked", daemon=True)
            self._writer.start()
        self._pending.set()

    def acknowledge_later(self, tag: str) -> None:
        """Delete a message's record with the next write, or by `wake_writer` or `flush`. From any thread.

        If this worker is killed before that, the message comes back after the visibility timeout, and is stale then.
        """
        self._acknowledged.append(tag)

    def wake_writer(self) -> None:
        """Have the acknowledgements written that no later message has taken along."""
        if self._acknowledged:
            self._pending.set()

    def acknowledge(self, tag: str) -> None:
        """Delete a message's record at once. Raises RedisError."""
        self.acknowledge_later(tag)
        self.flush()

    def flush(self) -> None:
        """Write all records and acknowledgements now. Raises RedisError; then they are written later.

        No transaction is needed: kombu drops a time without its message, and the two writes that would leave a
        message without its time come last and first.
        """
        with self._writing:
            done = _taken(self._acknowledged)  # first, so that each message in it is recorded or among the next
            received = _taken(self._received)
            if not done and not received:
                return
            ended, now = set(done), time.time()
            records = {tag: message for tag, message in received if tag not in ended}
            pipe = self._redis.pipeline(transaction=False)
            if done:
                pipe.hdel(self._messages, *done)
                pipe.zrem(self._since, *done)
            if records:
                pipe.zadd(self._since, dict.fromkeys(records, now))
                pipe.hset(self._messages, mapping=cast(dict[Any, Any], records))
            try:
                pipe.execute()
            except BaseException:  # to be written by the next call
                self._acknowledged.extendleft(reversed(done))
                self._received.extendleft(reversed(received))
                raise

    def _write_on(self) -> None:
        while True:
            self._pending.wait()
            self._pending.clear()
            try:
                self.flush()
            except Exception as exc:  # noqa: BLE001 - the tasks go on, and no other thread writes records
                log.warning("Redis takes no record of unacknowledged messages: %s: %s", type(exc).__name__, exc)
                threading.Event().wait(REFUSED_PAUSE_S)
                self._pending.set()


def _taken(queue: deque[_Item]) -> list[_Item]:
    """Empty a queue, to which other threads may add meanwhile."""
    found = []
    with suppress(IndexError):
        while True:
            found.append(queue.popleft())
    return found
