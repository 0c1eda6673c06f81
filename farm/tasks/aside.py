"""Talking to Redis beside a worker's event loop, which would stand still for as long as a reply takes.

With Redis on another continent a loop that waits for each reply is given one message in the time of a dozen
(tests/faults/line/test_network.py::test_r11_every_packet_is_late).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Aside:
    """One kind of talk, at most one at a time, in a thread that does not outlive the process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None

    def start(self, talk: Callable[[], object]) -> None:
        """Have `talk` done, unless the last one is not done yet. Redis being away is logged."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._do, args=(talk,), name=self._name, daemon=True)
            self._thread.start()

    def _do(self, talk: Callable[[], object]) -> None:
        try:
            talk()
        except RedisError as exc:
            log.warning("%s: Redis does not answer: %s", self._name, exc)
