"""A model server that farm started, in a container or as a process, and the message if it ends too soon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from farm.text import one_line


@dataclass(frozen=True, slots=True)
class RunningServer:
    """One server on this host. `state` is the engine's word: running, exited, ..."""

    server_id: str
    repo: str
    device: str
    engine: str
    url: str
    state: str
    log: Path
    place: str  # "container 1a2b3c" or "process 123"
    build: str = ""  # the image, or the program and its model file
    exit_code: int | None = None

    @property
    def alive(self) -> bool:
        return self.state in ("running", "created", "restarting")

    def ended(self, words: str) -> str:
        """The message for a server that has ended; `words`: its last line."""
        code = "" if self.exit_code is None else f" with exit code {self.exit_code}"
        return f"the server {self.server_id} ended{code} while it started{f': {words}' if words else ''}"


def last_line(text: bytes) -> str:
    """The last line that is not blank, made printable."""
    lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
    return one_line(lines[-1].strip(), 300) if lines else ""
