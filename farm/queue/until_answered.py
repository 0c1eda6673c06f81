"""Asking Redis until it answers: what a worker does with a job that it has claimed, or with its answer.

A worker that gave up would be taken for one that still works, since it lives and its claim stands: nothing would
send the job again, and device time would be thrown away with the answer. So there is no limit. Who wants the worker
to end although Redis is away kills it; then its missing heartbeat tells the coordinator to send its jobs again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import RedisError, ResponseError

from farm.errors import MessageRejected

log = logging.getLogger(__name__)
AGAIN_S = 2.0

T = TypeVar("T")


def until_answered(call: Callable[[], T], what: str) -> T:
    """The result of `call` once Redis neither fails nor refuses it: away, full, read-only, or not ours yet.

    Raises MessageRejected for a key whose value has another type than farm writes, which no waiting mends.
    """
    while True:
        try:
            return call()
        except RedisError as exc:
            if isinstance(exc, ResponseError) and "WRONGTYPE" in str(exc):
                raise MessageRejected(f"{what}: another client wrote there: {exc}") from exc
            log.warning("%s: Redis fails, trying again: %s", what, exc)
            threading.Event().wait(AGAIN_S)
