"""What a driver tells of a run: how far it is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from farm.coordinator.lifecycle import Phase

NOT_COUNTED = "UNSANDBOXED"  # stands for the verdicts that enter no score


@dataclass(frozen=True, slots=True)
class Progress:
    """A picture of a running run, for the live view."""

    phases: dict[Phase, int]
    verdicts: dict[str, int]  # NOT_COUNTED among them
    completion_tokens: int
    in_flight: int  # generate jobs that are out
    elapsed_s: float
    notice: str  # what the user should know now, such as "no execute worker is connected"


@dataclass(frozen=True, slots=True)
class Ended:
    """How the drive ended: `complete`, `incomplete` (some samples could not be judged) or `paused`."""

    state: str
    reason: str = ""
