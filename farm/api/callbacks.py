"""A Display for callers that are programs: progress goes to a callback, lines go to another or to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from farm.coordinator.progress import Progress

OnProgress = Callable[[Progress], None]
Say = Callable[[str], None]

log = logging.getLogger("farm")


class Callbacks:
    """Passes on what a use case tells. Both callbacks are called in the thread that called the API."""

    def __init__(self, on_progress: OnProgress | None, say: Say | None) -> None:
        """Without `say` cautions are log warnings and other lines are log infos, of the logger `farm`."""
        self._on_progress, self._say = on_progress, say

    def say(self, text: str) -> None:
        """One line: a caution, or what begins now."""
        if self._say is not None:
            self._say(text)
        elif text.startswith("caution"):
            log.warning(text)
        else:
            log.info(text)

    @contextmanager
    def run(self, *, generates: bool, judges: bool) -> Iterator[OnProgress]:
        """Each Progress goes to the callback."""
        yield self._on_progress or (lambda progress: None)

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """How far a wait is, is dropped: it is worth nothing a second later."""
        yield lambda text: None
