"""What the lifecycle of a run is told (events) and what it answers (commands)."""

from __future__ import annotations

from dataclasses import dataclass

from farm.records import SampleKey, WorkKey
from farm.records.phases import Stage

# --- events: each was recorded before it is told ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Completed:
    """The ledger holds a completion of this sample."""

    key: SampleKey


@dataclass(frozen=True, slots=True)
class Judged:
    """The ledger holds a verdict on this sample. `worker`: who executed its program now; empty: no worker."""

    key: SampleKey
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """The ledger holds lm-eval's score of all samples."""


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt ended without an answer. `final`: another try cannot help.

    `broken_at`: the worker whose sandbox broke under the program and then judged another one; empty: any other failure.
    """

    key: WorkKey
    stage: Stage
    attempt: int
    reason: str
    final: bool = False
    broken_at: str = ""


@dataclass(frozen=True, slots=True)
class Vanished:
    """The work is in no queue and no worker has it: the broker lost it. This uses up no attempt."""

    key: WorkKey
    stage: Stage


@dataclass(frozen=True, slots=True)
class Returned:
    """A worker gave this attempt back without beginning it. This uses up no attempt."""

    key: SampleKey
    stage: Stage
    attempt: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Not sent to execution: the same program on the same tests is being executed for `behind`."""

    key: SampleKey
    behind: SampleKey


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing more (a rejected key, Ctrl-C); outstanding work may still be answered."""

    reason: str


Event = Completed | Judged | Scored | AttemptFailed | Vanished | Returned | Waits | Pause


# --- commands --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Put this work into its queue. `attempt` counts from 1."""

    key: WorkKey
    stage: Stage
    attempt: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Record the sample as unjudged."""

    key: SampleKey
    stage: Stage
    reason: str


@dataclass(frozen=True, slots=True)
class Condemn:
    """Record that the sample's program breaks its sandbox: it failed."""

    key: SampleKey
    reason: str


Command = Send | GiveUp | Condemn
