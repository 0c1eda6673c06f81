"""From an observation to a verdict: the order of docs/sandbox.md section 8, as one pure function.

    infrastructure (no verdict) > OUTPUT_LIMIT > MEMORY_LIMIT > TIME_LIMIT > SYNTAX_ERROR > RUNTIME_ERROR
    > WRONG_ANSWER > PASSED

Whatever a program does ends in a verdict; whatever the farm does wrong in `void`.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from farm.records import Limits, Verdict
from farm.sandbox.api import Observation
from farm.text import decode_output, one_line


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
    if (late := over_time(seen, limits)) is not None:
        return Decision(Verdict.TIME_LIMIT, late)
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


def over_time(seen: Observation, limits: Limits) -> str | None:
    """By which clock a child used up its time, in words; None if it did not.

    The measured CPU time decides. RLIMIT_CPU's signal alone does not: it may come early, and a program may send it.
    """
    if seen.limit == "cpu" or seen.cpu_s > limits.cpu_s:
        return f"clock=cpu {seen.cpu_s:.2f} s"
    if seen.limit == "wall":
        return f"clock=wall {seen.clock_s:.2f} s{_starvation(seen.starved_s)}"
    return None


def _starvation(starved_s: float) -> str:
    return f", and {starved_s:.2f} s without a core, which do not count" if starved_s >= 0.1 else ""


def _last_line(stderr: bytes) -> str:
    return decode_output(stderr[-4096:].rstrip().rpartition(b"\n")[2])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
