"""What a driver tells of a run: how far it is, and how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from farm.coordinator.lifecycle import Phase
from farm.ids import canonical_json

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

    def to_json(self) -> bytes:
        """For those who watch from elsewhere."""
        return canonical_json({**asdict(self), "phases": {phase.value: n for phase, n in self.phases.items()}})

    @classmethod
    def from_json(cls, data: bytes) -> Progress:
        """What `to_json` wrote, of this version; ValueError for anything else."""
        try:
            values: dict[str, Any] = json.loads(data)
            phases = {phase: int(values["phases"][phase.value]) for phase in Phase}
            return cls(**{**{f.name: values[f.name] for f in fields(cls)}, "phases": phases})
        except (TypeError, LookupError, RecursionError) as exc:
            raise ValueError("not a picture of a run") from exc


@dataclass(frozen=True, slots=True)
class Ended:
    """How the drive ended: `complete`, `incomplete` (some samples could not be judged) or `paused`."""

    state: str
    reason: str = ""
