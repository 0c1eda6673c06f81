"""Notes on refused messages: bounded, with a TTL, and never the message itself.

Operators read the notes; the report of a run shows the counts. Both outlive the worker that wrote them,
and a sender of junk cannot fill either.
"""

from __future__ import annotations

import logging
import time
from typing import cast

import redis
from redis.exceptions import RedisError

from farm.ids import canonical_json
from farm.queue.redis_keys import RUN_TTL_S, Keys
from farm.text import one_line

log = logging.getLogger(__name__)
QUARANTINE_LENGTH = 1000
NOTES_AT_ONCE = 10  # of a flood
HEADER_CHARACTERS = 500
REFUSED = b"refused"
STALE = b"stale"


class Quarantine:
    """The quarantine of all runs in one Redis."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        """To write notes `connection` must not send a command again: each would be counted twice."""
        self._redis = connection
        self._keys = keys

    def refuse(self, reason: str, *, headers: object = None, worker: str = "") -> None:
        """Record one refused message: the reason and its headers."""
        self.refuse_many([(reason, headers)], worker=worker)

    def refuse_many(self, refused: list[tuple[str, object]], *, worker: str = "") -> None:
        """Count messages that were refused together and record the first of them. The log gets one line for all."""
        if not refused:
            return
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        log.warning("refused a message: %s%s", one_line(refused[0][0]), more)
        notes = [
            canonical_json(
                {
                    "at": time.time(),
                    "worker": worker,
                    "reason": one_line(reason, 500),
                    "headers": one_line(repr(headers), HEADER_CHARACTERS) if headers is not None else "",
                }
            )
            for reason, headers in refused[:NOTES_AT_ONCE]
        ]
        try:
            pipe = self._redis.pipeline(transaction=True)
            pipe.lpush(self._keys.quarantine, *notes)
            pipe.ltrim(self._keys.quarantine, 0, QUARANTINE_LENGTH - 1)
            pipe.expire(self._keys.quarantine, RUN_TTL_S)
            self._count(pipe, REFUSED, len(refused))
            pipe.execute()
        except RedisError as exc:
            log.warning("quarantine not written: %s", exc)

    def stale(self) -> None:
        """Count a well-formed job that no run wants: a repeat, or one of a run that has ended."""
        try:
            pipe = self._redis.pipeline(transaction=True)
            self._count(pipe, STALE, 1)
            pipe.execute()
        except RedisError as exc:
            log.warning("stale job not counted: %s", exc)

    def refused(self) -> int:
        """How many messages were ever refused on this Redis."""
        return int(cast(bytes | None, self._redis.hget(self._keys.quarantine_counts, REFUSED.decode())) or 0)

    def _count(self, pipe: redis.client.Pipeline, what: bytes, number: int) -> None:
        pipe.hincrby(self._keys.quarantine_counts, what.decode(), number)
        pipe.expire(self._keys.quarantine_counts, RUN_TTL_S)
