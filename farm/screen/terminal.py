"""The Display of a terminal: everything on stderr, so that stdout stays the result's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from farm.coordinator.progress import Progress
from farm.screen.live import LiveView
from farm.screen.status_line import StatusLine


class Terminal:
    """Shows lines, a run's live view and waits on stderr."""

    def __init__(self) -> None:
        self._view: LiveView | None = None  # while a run is shown

    def say(self, text: str) -> None:
        """One line on stderr; above the live view, which would draw over it."""
        if self._view is not None and self._view.say(text):
            return
        with suppress(OSError):  # the reader of this pipe has gone; the work goes on
            print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the view

    @contextmanager
    def run(self, *, generates: bool, judges: bool) -> Iterator[Callable[[Progress], None]]:
        """The live view of a run."""
        with LiveView(generates=generates, judges=judges) as view:
            self._view = view
            try:
                yield view.show
            finally:
                self._view = None

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """One line that is rewritten."""
        with StatusLine() as line:
            yield line.show
