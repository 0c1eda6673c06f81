"""From an observation to a verdict: the order of docs/sandbox.md section 8, as one pure function.

    infrastructure (no verdict) > OUTPUT_LIMIT > MEMORY_LIMIT > TIME_LIMIT > RUNTIME_ERROR > WRONG_ANSWER > PASSED

Whatever a program does ends in a verdict; whatever the farm does wrong in `void`.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from farm.records import Limits, Verdict
from farm.sandbox.api import Observation
from farm.text import decode_output, one_line

EXPLAINED_SHARE = 0.9  # of a limit: the rest is measurement and start-up


@dataclass(frozen=True, slots=True)
class Decision:
    """`verdict` None: the program ended well, and its answer is to be compared (unless `void`)."""

    verdict: Verdict | None
    detail: str = ""
    void: str = ""  # why the run does not count


def decide(seen: Observation, limits: Limits, *, functional: bool) -> Decision:
    """What an observation of one child in mode `judge` means. Pure."""
    if seen.suspect or not seen.locked:
        return Decision(None, void=seen.suspect or "no lock-down")
    if seen.limit in ("stdout", "result"):
        return Decision(Verdict.OUTPUT_LIMIT, f"{seen.limit} over its cap")
    if seen.limit == "memory" or seen.peak_bytes > limits.memory_bytes:
        return Decision(Verdict.MEMORY_LIMIT, f"peak {seen.peak_bytes >> 20} MiB")
    if seen.exit_code != 0 and _last_line(seen.stderr).startswith("MemoryError"):
        return Decision(Verdict.MEMORY_LIMIT, "MemoryError")
    if seen.limit == "cpu" or seen.signal == signal.SIGXCPU or seen.cpu_s > limits.cpu_s:
        return Decision(Verdict.TIME_LIMIT, f"clock=cpu {seen.cpu_s:.2f} s")
    if seen.limit == "wall":
        return Decision(Verdict.TIME_LIMIT, f"clock=wall {seen.wall_s:.2f} s")
    if seen.syntax_error is not None:
        return Decision(Verdict.SYNTAX_ERROR, one_line(seen.syntax_error))
    if seen.signal is not None:
        return Decision(Verdict.RUNTIME_ERROR, _signal_name(seen.signal))
    if seen.exit_code != 0:
        return Decision(Verdict.RUNTIME_ERROR, one_line(_last_line(seen.stderr)) or f"exit code {seen.exit_code}")
    if not seen.loaded:  # cannot be with exit code 0; never let it become a pass
        return Decision(Verdict.RUNTIME_ERROR, "ended before it was compiled")
    if functional and not (isinstance(seen.frame, dict) and "value" in seen.frame):
        return Decision(Verdict.RUNTIME_ERROR, "ended without a result")
    return Decision(None)


def wants_rerun(seen: Observation, limits: Limits) -> bool:
    """Whether a wall time-out may be the host's fault, so that a second run, alone, must decide."""
    if seen.limit != "wall" or seen.suspect:
        return False
    return starved(seen.cpu_s, seen.idle_s, wall_s=seen.wall_s, limit_s=limits.cpu_s)


def starved(cpu_s: float, idle_s: float, *, wall_s: float, limit_s: float) -> bool:
    """Whether a time-out after `wall_s` seconds may be the host's fault: little CPU was had, more was wanted.

    What neither CPU time nor the program's own sleep explains was waiting for the host. A program that
    merely slept would sleep again when alone, and keep every other slot of the host waiting for nothing.
    """
    return cpu_s < EXPLAINED_SHARE * limit_s and cpu_s + idle_s < EXPLAINED_SHARE * wall_s


def _last_line(stderr: bytes) -> str:
    return decode_output(stderr[-4096:].rstrip().rpartition(b"\n")[2])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
