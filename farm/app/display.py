"""What a use case tells its caller while it works: words, the progress of a run, the state of a wait.

The command line shows it in a terminal (`farm/screen/`), the Python API passes it to callbacks, tests drop it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from farm.coordinator.progress import Progress


class Display(Protocol):
    """Where a use case sends what the user should know now."""

    def say(self, text: str) -> None:
        """One line: a caution, or what begins now."""

    def run(self, *, generates: bool, judges: bool) -> AbstractContextManager[Callable[[Progress], None]]:
        """The view of one run, open as long as it is driven; what it gives is called with each new Progress."""

    def status(self) -> AbstractContextManager[Callable[[str], None]]:
        """One line that is replaced again and again, for a wait."""


class Quiet:
    """A Display that shows nothing."""

    def say(self, text: str) -> None:
        """Drops `text`."""

    @contextmanager
    def run(self, *, generates: bool, judges: bool) -> Iterator[Callable[[Progress], None]]:
        """Drops each Progress."""
        yield lambda progress: None

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """Drops each text."""
        yield lambda text: None
