"""How far runs have come, by counts that the ledger alone can give: for lists, `farm status` and `farm watch`.

Unlike farm.ledger.history nothing is read row by row and nothing verified: a report does that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from farm.ledger import tables
from farm.ledger.ledger import Ledger
from farm.records import TIER_NONE, UNSANDBOXED_LABEL
from farm.records.phases import Phase


@dataclass(slots=True)
class RunCounts:
    """Counts of one run."""

    planned: int = 0
    completed: int = 0  # have a recorded completion
    unjudged: int = 0  # given up
    verdicts: Counter[str] = field(default_factory=Counter)  # UNSANDBOXED_LABEL among them

    @property
    def judged(self) -> int:
        return self.verdicts.total()

    def phases(self) -> dict[Phase, int]:
        """As a driver counts them, but for the work that is outstanding: the ledger does not know of that."""
        phases = dict.fromkeys(Phase, 0)
        phases[Phase.JUDGED], phases[Phase.UNJUDGED] = self.judged, self.unjudged
        left = self.planned - self.judged - self.unjudged
        # What was given up may have a completion or not; at most this many others have one
        phases[Phase.COMPLETED] = max(0, min(left, self.completed - self.judged))
        phases[Phase.PLANNED] = left - phases[Phase.COMPLETED]
        return phases


def run_counts(ledger: Ledger, run_id: str | None = None) -> dict[str, RunCounts]:
    """The counts of one run, or of all, by run. A run without samples is not in it."""
    s, c, r, u = tables.samples, tables.completions, tables.results, tables.unjudged

    def count(table: sa.FromClause, run: sa.ColumnElement[str]) -> sa.Select[Any]:
        columns: tuple[sa.ColumnElement[Any], ...] = (run, sa.func.count())
        return _of(run_id, sa.select(*columns).select_from(table).group_by(run), run)

    given_up = u.outerjoin(r, sa.and_(r.c.run_id == u.c.run_id, r.c.problem_id == u.c.problem_id, r.c.idx == u.c.idx))
    found: dict[str, RunCounts] = {}
    with ledger.read() as db:
        for run, number in db.execute(count(s, s.c.run_id)):
            found[run] = RunCounts(planned=number)
        for run, number in db.execute(count(c, c.c.run_id)):
            found[run].completed = number
        for run, number in db.execute(count(given_up, u.c.run_id).where(r.c.run_id.is_(None))):
            found[run].unjudged = number
        for run, verdict, number in db.execute(_of(run_id, _verdicts_by(r.c.run_id), r.c.run_id)):
            found[run].verdicts[verdict] = number
    return found


def verdicts_by_problem(ledger: Ledger, run_id: str) -> Counter[tuple[str, str]]:
    """How many samples of each problem of a run have which verdict; UNSANDBOXED_LABEL is one."""
    r = tables.results
    with ledger.read() as db:
        rows = db.execute(_of(run_id, _verdicts_by(r.c.problem_id), r.c.run_id))
        return Counter({(problem_id, verdict): number for problem_id, verdict, number in rows})


def _verdicts_by(column: sa.ColumnElement[str]) -> sa.Select[Any]:
    """The number of results by a column and by verdict."""
    r, e = tables.results, tables.executions
    same = sa.and_(e.c.run_id == r.c.run_id, e.c.problem_id == r.c.problem_id, e.c.idx == r.c.idx)
    verdict = sa.case((e.c.tier == TIER_NONE, UNSANDBOXED_LABEL), else_=r.c.verdict)
    return sa.select(column, verdict, sa.func.count()).select_from(r.outerjoin(e, same)).group_by(column, verdict)


def _of(run_id: str | None, query: sa.Select[Any], run: sa.ColumnElement[str]) -> sa.Select[Any]:
    return query if run_id is None else query.where(run == run_id)
