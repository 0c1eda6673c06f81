"""The result of a suite: the score of each task compared with those of others, and one answer for all tasks. Pure."""

from __future__ import annotations

from typing import Literal

from farm.records import Record, Reference
from farm.records.suites import SuiteSpec
from farm.scoring.accuracy import AccuracyCheck

State = Literal["complete", "incomplete", "failed", "not run"]


class TaskScore(Record):
    """One row of a suite: a task, or a part of a group. `score` is in percent."""

    task: str
    part_of: str = ""  # the group whose figure it goes into
    state: State
    why: str = ""  # it is not complete, or was not run
    measure: str = ""  # what the score is: pass@1, or lm-eval's key
    score: float | None = None
    stderr: float | None = None  # in points
    documents: int | None = None
    check: AccuracyCheck = AccuracyCheck.NA
    decided_by: Reference | None = None
    references: tuple[Reference, ...] = ()
    run_id: str = ""

    @property
    def ratio(self) -> float | None:
        """The score over the reference that decided."""
        if self.decided_by is None or self.score is None or not self.decided_by.score:
            return None
        return self.score / self.decided_by.score


class SuiteReport(Record):
    """The result of a suite as it stands."""

    schema_version: Literal[1] = 1
    suite_id: str
    spec: SuiteSpec
    rows: tuple[TaskScore, ...]

    @property
    def tasks(self) -> tuple[TaskScore, ...]:
        """The rows without the parts of groups."""
        return tuple(row for row in self.rows if not row.part_of)

    @property
    def outcome(self) -> Literal["PASS", "FAIL", "INCOMPLETE"]:
        """FAIL if a task missed its reference; INCOMPLETE if one lacks its score; tasks of others do not count."""
        if any(row.check is AccuracyCheck.FAIL for row in self.tasks):
            return "FAIL"
        return "INCOMPLETE" if any(row.state in ("incomplete", "failed") for row in self.tasks) else "PASS"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 incomplete."""
        return {"PASS": 0, "FAIL": 1, "INCOMPLETE": 3}[self.outcome]
