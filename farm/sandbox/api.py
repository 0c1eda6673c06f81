"""What the rest of farm sees of a sandbox.

`open_sandbox` (farm/judging/open.py) gives one; `evaluate` (farm/judging/evaluate.py) is how a worker
judges a sample with it. Everything below those two is private to this package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self

if TYPE_CHECKING:  # the relay in a container loads this file, and has the standard library alone
    from farm.records import CaseResult, JudgeSpec, Limits, Suite, Verdict, VerdictCount

Ended = Literal["cpu", "wall", "memory", "stdout", "result"]  # which limit the supervisor enforced


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one program did on one suite. `cases` are the tests that ran, in test order."""

    verdict: Verdict
    first_failure: int | None  # index of the first failing test; None if passed or nothing ran
    cases: tuple[CaseResult, ...]
    detail: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    # How often each verdict came, the first one first, if it was judged several times and they differ; else empty
    verdicts_seen: tuple[VerdictCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What the trusted supervisor saw of one child process; nothing in it can be forged by the program
    but the contents of the byte strings and frames."""

    locked: bool  # the child reported that all protections are on, before any byte of the program
    loaded: bool  # mode judge: the program compiled (a syntax error is `syntax_error`)
    syntax_error: str | None
    exit_code: int | None
    signal: int | None
    limit: Ended | None  # the limit for which the supervisor ended the child, or that it found exceeded
    stdout: bytes
    stdout_bytes: int  # written, also beyond the cap
    stdout_truncated: bool
    stderr: bytes
    frame: object | None  # decoded result frame (functional programs), None if none arrived whole
    cpu_s: float
    wall_s: float
    peak_bytes: int
    clock_s: float = 0.0  # wall seconds less starvation: what wall limits are held by (farm/sandbox/clock.py)
    starved_s: float = 0.0  # wall seconds in which it was ready to run and had no core
    suspect: str = ""  # why this may be the host's fault (oom_kill rose, zygote died): the run is void


class Session(Protocol):
    """A child of mode `lcb`: one process for all tests of a sample, fed input by input."""

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        """Send one input (None: nothing, wait for the frame about loading) and wait for one frame.

        Both times are by the program's clock, which leaves starvation out. After `alarm_s` seconds the child is
        sent SIGALRM; while loading, it is given that time again once the program is compiled.

        None: no frame came, because the child ended, passed `clock_s` seconds or another limit, or sent
        what is no frame. The child is dead then; `finish` says how. Raises SandboxLost if the host starves it.
        """
        ...

    def finish(self) -> Observation:
        """End the child if it still runs, reap it, and say what was seen."""
        ...

    @property
    def cpu_s(self) -> float:
        """CPU seconds the child has used so far (sampled from /proc)."""
        ...

    @property
    def clock_s(self) -> float:
        """Seconds that the child has used by its clock, in all exchanges so far."""
        ...

    @property
    def starved_s(self) -> float:
        """Seconds of the exchanges so far in which the child was ready to run and had no core."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """What confines the programs; stamped on every result."""

    tier: str  # "ns", "uid", "landlock" or "none"; "docker:" and the tier within a container
    protections: tuple[str, ...] = field(default=())
    runtime: str = ""  # interpreter and runner versions, for the record


class Sandbox(Protocol):
    """One slot: judges one program at a time. Not thread-safe; a worker opens one per slot."""

    @property
    def info(self) -> SandboxInfo: ...

    def evaluate(self, source: str, suite: Suite, judge: JudgeSpec, limits: Limits) -> Evaluation:
        """Run `source` on the tests of `suite`, first to last, and judge it; as often as the judge says.

        A program's failure is the Evaluation's verdict. Raises SandboxLost when the sandbox itself
        died (the caller repeats the sample) and SandboxUnavailable when it cannot start.
        """
        ...

    def observe(self, source: str, suite: Suite, index: int, limits: Limits) -> Observation:
        """Run `source` once on one test, as mode `judge` does, and say all that was seen; nothing is judged.

        For who wants to look at a program. SandboxLost and SandboxUnavailable as `evaluate`.
        """
        ...

    def close(self) -> None:
        """End all processes of this slot; idempotent."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...
