"""What a driver tells of a run: how far it is, and how it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from farm.ids import canonical_json
from farm.records import SampleKey
from farm.records.phases import Phase


@dataclass(frozen=True, slots=True)
class Progress:
    """A picture of a running run, for the live view."""

    phases: dict[Phase, int]
    verdicts: dict[str, int]  # UNSANDBOXED_LABEL among them
    completion_tokens: int
    in_flight: int  # requests of this run that hold a slot
    slots: int  # of its model servers
    elapsed_s: float
    notice: str  # what the user should know now, such as "no execute worker is connected"
    tokens_per_s: float = 0.0  # of late
    streamed: int = 0  # tokens of answers that are under way
    ttft_s: float | None = None  # time to the first token, of late
    score: list[float] | None = None  # pass@1 so far and its 95 % interval, as shares of one
    failures: dict[str, int] = field(default_factory=dict)  # attempts that failed, by kind
    slowest: dict[str, float] = field(default_factory=dict)  # requests that are out for longest: sample, seconds

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
    conflicts: tuple[SampleKey, ...] = ()  # samples for which a second, different completion came in this drive
