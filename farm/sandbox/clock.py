"""The clock that a program's wall limits are held by: wall time less starvation.

Starvation is time in which the program was ready to run and got no core, because other processes of the host, or
a CPU quota, had it. Leaving it out makes a verdict depend on the program and its limits, not on the host's load.

- One thread: Linux counts its run delay (/proc/PID/schedstat), and the clock is wall time less that. A wait is
  added to the count when it ends. Until then, time in which a ready thread used no CPU is taken for waiting; the next
  look corrects that.
- Several threads: their delays overlap and do not add up, and threads of one program delay each other. The clock
  is CPU time plus the time in which no thread was ready, at most the wall time. The looks come at random
  intervals, so a program cannot arrange to be ready at each of them without using CPU time.
- Where the run delay is not counted, the second rule serves for one thread too; without /proc, plain wall time.

A quota's throttling is part of the run delay. This module only measures, and is pure: `farm/sandbox/proc.py` takes
the looks. The time-outs themselves are `Limits` (farm/records/limits.py); the supervisor holds programs to them.
docs/sandbox.md section 7 has what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# Wall time that a run may take, in multiples of its limit by the program's clock. Reached only by a host that gives a
# program less than a twentieth of a core; such a run is not judged.
STARVED_FOLD = 20
TOO_BUSY = "the host is too busy"  # how the reason of such a run begins


@dataclass(frozen=True, slots=True)
class Look:
    """One process at one moment, `at` on the monotonic clock."""

    at: float
    cpu_s: float = 0.0  # of all threads, ended ones included
    threads: int = 1
    ready: bool = False  # a thread runs, or waits for a core; or the process has ended
    delay_s: float | None = None  # run delay of the main thread; None: not counted here
    resident_bytes: int = 0


class ProgramClock:
    """Time that a process has had since `start`, by the looks at it. Not thread-safe."""

    def __init__(self) -> None:
        self._last: Look | None = None
        self._had_s = 0.0  # may include a wait that is not counted yet
        self._waiting_s = 0.0  # of that, the wait that goes on
        self._wall_s = 0.0

    @property
    def used_s(self) -> float:
        """Wall seconds less starvation."""
        return max(0.0, self._had_s - self._waiting_s)

    @property
    def starved_s(self) -> float:
        """Wall seconds in which the process was ready to run and had no core."""
        return max(0.0, self._wall_s - self.used_s)

    def start(self, at: float) -> None:
        """Count from `at`, on top of what was counted before. What lies between is not counted."""
        self._settle()
        self._last = Look(at, delay_s=0.0) if self._last is None else replace(self._last, at=at)

    def look(self, seen: Look) -> None:
        """Count up to `seen.at`."""
        last, self._last = self._last, seen
        assert last is not None, "not started"
        elapsed = max(0.0, seen.at - last.at)
        cpu_s = seen.cpu_s - last.cpu_s
        self._wall_s += elapsed
        if last.threads == seen.threads == 1 and last.delay_s is not None and seen.delay_s is not None:
            delay_s = seen.delay_s - last.delay_s
            self._had_s += elapsed - delay_s
            # What neither ran nor was booked is taken for the wait that goes on; if it was sleep, the next look knows
            before_s = self._waiting_s if cpu_s <= 0.0 else 0.0
            self._waiting_s = max(0.0, before_s + elapsed - delay_s - cpu_s) if seen.ready else 0.0
        else:
            self._settle()
            self._had_s += min(elapsed, cpu_s if seen.ready else cpu_s + elapsed)

    def _settle(self) -> None:
        """Believe in the wait that goes on: its end will not be seen."""
        self._had_s -= self._waiting_s
        self._waiting_s = 0.0

    def pass_without_look(self, at: float) -> None:
        """Count up to `at` as plain wall time: the process has ended, or /proc does not show it."""
        assert self._last is not None, "not started"
        elapsed = max(0.0, at - self._last.at)
        self._wall_s += elapsed
        self._had_s += elapsed
        self._last = replace(self._last, at=at)
