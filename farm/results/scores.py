"""The complete runs of a ledger with their bare scores, by counts alone: for lists and trends."""

from __future__ import annotations

from collections.abc import Iterable

from farm.ledger.counts import standings
from farm.ledger.ledger import Ledger, RunRow
from farm.records import Verdict
from farm.records.phases import NOT_COUNTED
from farm.scoring.trend import ScoredRun


def scored_runs(ledger: Ledger, rows: Iterable[RunRow]) -> list[ScoredRun]:
    """Those of `rows` that asked a model and are judged whole; what ran without a sandbox counts as unjudged."""
    counts = standings(ledger)
    found = []
    for row in rows:
        standing = counts.get(row.run_id)
        if standing is None or row.spec.model is None or not standing.planned:
            continue
        if standing.judged == standing.planned and not standing.verdicts.get(NOT_COUNTED):
            passed = standing.verdicts.get(Verdict.PASSED.value, 0)
            found.append(ScoredRun(row.run_id, row.created_at, row.spec, passed, standing.planned))
    return found
