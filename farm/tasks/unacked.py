"""What a worker has in hand, noted in Redis in the form of kombu: if the worker dies, others get it back.

kombu writes each note in two round trips, while nothing else happens. Here a thread writes many at a time.
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

REFUSED_PAUSE_S = 1.0  # after Redis took no note
_Item = TypeVar("_Item")


class InHand:
    """The notes of one worker process of a role."""

    def __init__(self, connection: redis.Redis, keys: Keys, role: str) -> None:
        self._redis = connection
        self._messages, self._since = keys.unacked(role)
        self._held: deque[tuple[str, str]] = deque()  # tag and message, not noted in Redis yet
        self._settled: deque[str] = deque()  # tags of messages that are done with
        self._writing = threading.Lock()
        self._news = threading.Event()
        self._writer: threading.Thread | None = None

    def hold(self, tag: str, message: str) -> None:
        """Have a message noted as in hand, in the form of kombu: soon, by a thread.

        If this worker is killed before, the message is lost, as one whose reply is lost on the way from Redis: the
        coordinator sends its job again.
        """
        self._held.append((tag, message))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_on, name="notes", daemon=True)
            self._writer.start()
        self._news.set()

    def settle_later(self, tag: str) -> None:
        """A message is done with: Redis is told with the next note, or by `remind` or `settle`. From any thread.

        If this worker is killed before, the message comes back after the visibility timeout, and is stale then.
        """
        self._settled.append(tag)

    def remind(self) -> None:
        """Have Redis told what is done with, if there is something."""
        if self._settled:
            self._news.set()

    def acknowledge(self, tag: str) -> None:
        """Forget a message at once. Raises RedisError."""
        self.settle_later(tag)
        self.settle()

    def settle(self) -> None:
        """Tell Redis now what is in hand and what is done with. Raises RedisError; then it is told later.

        No transaction is needed: a note without its message is dropped by kombu, and the two that would leave a
        message without a note come last and first.
        """
        with self._writing:
            done = _taken(self._settled)  # first, so that a message in it is noted already, or among the next
            held = _taken(self._held)
            if not done and not held:
                return
            ended, now = set(done), time.time()
            notes = {tag: message for tag, message in held if tag not in ended}
            pipe = self._redis.pipeline(transaction=False)
            if done:
                pipe.hdel(self._messages, *done)
                pipe.zrem(self._since, *done)
            if notes:
                pipe.zadd(self._since, dict.fromkeys(notes, now))
                pipe.hset(self._messages, mapping=cast(dict[Any, Any], notes))
            try:
                pipe.execute()
            except BaseException:  # not told: it is told later
                self._settled.extendleft(reversed(done))
                self._held.extendleft(reversed(held))
                raise

    def _write_on(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            try:
                self.settle()
            except Exception as exc:  # noqa: BLE001 - the work is done all the same, and nobody else writes notes
                log.warning("Redis does not note what is in hand: %s: %s", type(exc).__name__, exc)
                threading.Event().wait(REFUSED_PAUSE_S)
                self._news.set()


def _taken(queue: deque[_Item]) -> list[_Item]:
    """All that is in a queue, which others may fill meanwhile."""
    found = []
    with suppress(IndexError):
        while True:
            found.append(queue.popleft())
    return found
