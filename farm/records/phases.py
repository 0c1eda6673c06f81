"""Where a sample stands, and the kinds of work on it."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """A kind of work on a sample. The value is its name in messages and in the ledger."""

    GENERATE = "generate"
    EXECUTE = "execute"


class Phase(Enum):
    """Where a sample stands."""

    PLANNED = "planned"
    GENERATING = "generating"
    COMPLETED = "completed"
    EXECUTING = "executing"
    WAITING = "waiting"  # for the verdict on the same program, which is out for another sample
    JUDGED = "judged"
    UNJUDGED = "unjudged"


NOT_COUNTED = "UNSANDBOXED"  # stands for the verdicts that enter no score
