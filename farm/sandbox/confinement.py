"""What a user can say about how programs are confined, as one value that commands and workers hand on."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_IMAGE = "python:3.11-slim-bookworm"


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What containers are made of: an image with a Python 3.11 or later, and the engine's OCI runtime."""

    image: str = DEFAULT_IMAGE
    runtime: str | None = None  # such as runsc; None: the engine's default


@dataclass(frozen=True, slots=True)
class Confinement:
    """`tier` as in `open_sandbox`; `python`: the programs' interpreter, None for the worker's or the image's."""

    tier: str = "auto"
    python: str | None = None
    preload: tuple[str, ...] | None = None  # None: numpy, where the interpreter is farm's own and has it
    container: ContainerSpec = ContainerSpec()

    def words(self) -> list[str]:
        """The options of `farm worker execute` that say the same."""
        said = {
            "--sandbox": self.tier,
            "--python": self.python,
            "--image": self.container.image,
            "--runtime": self.container.runtime,
        }
        return [word for option, value in said.items() if value is not None for word in (option, value)]
