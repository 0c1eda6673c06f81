"""The stages of a run, and where a sample stands in them."""

from __future__ import annotations

from enum import Enum, StrEnum


class Stage(StrEnum):
    """A kind of work. The value is its name in messages, in the ledger and in the names of workers."""

    GENERATE = "generate"
    EXECUTE = "execute"
    SCORE = "score"  # by lm-eval: all samples of a run together


class Phase(Enum):
    """Where a sample stands."""

    PLANNED = "planned"
    GENERATING = "generating"
    COMPLETED = "completed"
    EXECUTING = "executing"
    WAITING = "waiting"  # for the verdict on the same program, which is out for another sample
    SCORING = "scoring"  # with all other samples of the run
    JUDGED = "judged"
    UNJUDGED = "unjudged"
