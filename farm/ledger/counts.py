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
from farm.records import UNSANDBOXED
from farm.records.phases import NOT_COUNTED, Phase


@dataclass(slots=True)
class Standing:
    """Counts of one run."""

    planned: int = 0
    completed: int = 0  # have a recorded completion
    unjudged: int = 0  # given up
    verdicts: Counter[str] = field(default_factory=Counter)  # NOT_COUNTED among them

    @property
    def judged(self) -> int:
        return self.verdicts.total()

    def phases(self) -> dict[Phase, int]:
        """As a driver counts them, but for what is out: the ledger does not know of that."""
        phases = dict.fromkeys(Phase, 0)
        phases[Phase.JUDGED], phases[Phase.UNJUDGED] = self.judged, self.unjudged
        left = self.planned - self.judged - self.unjudged
        # What was given up may have a completion or not; at most this many others have one
        phases[Phase.COMPLETED] = max(0, min(left, self.completed - self.judged))
        phases[Phase.PLANNED] = left - phases[Phase.COMPLETED]
        return phases


def standings(ledger: Ledger, run_id: str | None = None) -> dict[str, Standing]:
    """The counts of one run, or of all, by run. A run without samples is not in it."""
    s, c, r, u, e = tables.samples, tables.completions, tables.results, tables.unjudged, tables.executions

    def count(table: sa.FromClause, run: sa.ColumnElement[str], *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
        query = sa.select(run, *more, sa.func.count()).select_from(table).group_by(run, *more)
        return query if run_id is None else query.where(run == run_id)

    def same(t: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(t.c.run_id == r.c.run_id, t.c.problem_id == r.c.problem_id, t.c.idx == r.c.idx)

    walls = sa.case((e.c.tier == UNSANDBOXED, 1), else_=0)
    open_ones = u.outerjoin(r, sa.and_(r.c.run_id == u.c.run_id, r.c.problem_id == u.c.problem_id, r.c.idx == u.c.idx))
    found: dict[str, Standing] = {}
    with ledger.read() as db:
        for run, number in db.execute(count(s, s.c.run_id)):
            found[run] = Standing(planned=number)
        for run, number in db.execute(count(c, c.c.run_id)):
            found[run].completed = number
        for run, number in db.execute(count(open_ones, u.c.run_id).where(r.c.run_id.is_(None))):
            found[run].unjudged = number
        for run, verdict, naked, number in db.execute(count(r.outerjoin(e, same(e)), r.c.run_id, r.c.verdict, walls)):
            found[run].verdicts[NOT_COUNTED if naked else verdict] += number
    return found
