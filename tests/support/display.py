"""A Display that keeps what it is told."""

from __future__ import annotations

from farm.app.display import Quiet


class Said(Quiet):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)
