"""How many tokens of unfinished answers have come, told by each worker process once a second for who watches a run.

An answer counts for a run when it is recorded; until then, minutes for a long one, this alone shows that it grows.
Telemetry: whatever is lost here costs nothing.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.exceptions import RedisError

from farm.admission.slots import FRESH_S
from farm.inference.flight import Flight
from farm.queue.redis_keys import Keys

log = logging.getLogger(__name__)

EVERY_S = 1.0


class StreamedTokens:
    """What one worker process tells. Thread-safe; its thread lives as long as answers are under way."""

    def __init__(self, connection: redis.Redis, keys: Keys, worker: str) -> None:
        self._redis, self._keys, self._name = connection, keys, f"{worker}/{os.getpid()}"
        self._changed = threading.Condition()
        self._flights: dict[Flight, tuple[str, str]] = {}
        self._telling = False

    @contextmanager
    def following(self, url: str, run_id: str, flight: Flight) -> Iterator[None]:
        """Count the tokens of `flight` for this server and run until the block ends."""
        with self._changed:
            self._flights[flight] = (url, run_id)
            if not self._telling:
                self._telling = True
                threading.Thread(target=self._tell, name="streamed tokens", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                del self._flights[flight]
                self._changed.notify_all()

    def _tell(self) -> None:
        told: set[tuple[str, str]] = set()
        while True:
            with self._changed:
                counts = Counter(dict.fromkeys(told, 0))
                for flight, place in self._flights.items():
                    counts[place] += flight.tokens
                open_places = set(self._flights.values())
                self._telling = bool(self._flights)
            self._write(counts, open_places)
            told = open_places
            with self._changed:
                if not self._telling:
                    return
                self._changed.wait_for(lambda: not self._flights, EVERY_S)

    def _write(self, counts: Counter[tuple[str, str]], open_places: set[tuple[str, str]]) -> None:
        try:
            pipe = self._redis.pipeline(transaction=False)
            for url, run_id in counts:
                key, field = self._keys.server(url, "streamed"), f"{run_id}|{self._name}"
                if (url, run_id) in open_places:
                    pipe.hset(key, field, f"{counts[url, run_id]}|{time.time():.1f}")
                    pipe.expire(key, int(FRESH_S))
                else:
                    pipe.hdel(key, field)
            pipe.execute()
        except RedisError as exc:
            log.debug("the tokens of unfinished answers are not told: %s", exc)
