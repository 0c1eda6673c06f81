"""What runs programs for the judge: a slot of this host, or a container that holds one.

The judge (farm/judging/evaluate.py) gives a request and gets an observation; where the child process
lives, and how the bytes get there, is the runner's matter. This file and all that it names load with the
standard library alone, because the relay in a container loads them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from farm.sandbox.api import Observation, SandboxInfo, Session

if TYPE_CHECKING:
    from farm.records import Limits


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a child is to run. `stdin` None: nothing to read; `payload`: a function's arguments."""

    mode: Literal["judge", "lcb", "program", "tester"]  # the last two: the children of mode `asserts`
    source: bytes
    limits: Limits
    cpu_s: float
    stack_bytes: int
    stdout_bytes: int
    func_name: str | None = None
    variant: str = ""
    stdin: bytes | None = None
    payload: bytes | None = None


class Runner(Protocol):
    """Runs one child at a time. All but `close` may raise SandboxLost, and SandboxUnavailable when
    nothing starts any more; after either, `discard` and a second request is the way to go on."""

    @property
    def info(self) -> SandboxInfo: ...

    def observe(self, request: RunRequest) -> Observation:
        """One child from launch to end."""
        ...

    def session(self, request: RunRequest) -> AbstractContextManager[Session]:
        """A child that is fed input by input; it ends with the context."""
        ...

    def twin(self) -> Runner:
        """Another runner of the same kind, for a second child that lives at the same time."""
        ...

    def discard(self) -> None:
        """Give up what programs have run in; the next request starts a new one."""
        ...

    def close(self) -> None:
        """End all processes; idempotent."""
        ...
