"""Calls to Redis from a worker's event loop, made in a background thread so that the loop waits for no reply.

With Redis on another continent, a loop that waits for each reply receives one message in the time of a dozen
(tests/faults/line/test_network.py::test_r11_every_packet_is_late).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class BackgroundCall:
    """One kind of call, at most one at a time, in a daemon thread.

    The thread is kept: redis-py's locks draw a UUID, for which libuuid opens a file per thread and never closes it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._call: Callable[[], object] | None = None
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, call: Callable[[], object]) -> None:
        """Run `call`, unless the previous one is still running. What it raises is logged. From one thread only."""
        if self._call is not None:
            return
        self._call = call
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._wake.set()

    def _serve(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                if self._call is not None:
                    self._call()
            except RedisError as exc:
                log.warning("%s: Redis does not answer: %s", self._name, exc)
            except Exception:
                log.exception("%s failed", self._name)
            finally:
                self._call = None
