"""The complete runs of a ledger with their bare scores, by counts alone: for lists and trends."""

from __future__ import annotations

from collections.abc import Iterable

from farm.ledger.counts import run_counts
from farm.ledger.ledger import Ledger, RunRow
from farm.records import UNSANDBOXED_LABEL, Verdict
from farm.scoring.trend import ScoredRun


def scored_runs(ledger: Ledger, rows: Iterable[RunRow]) -> list[ScoredRun]:
    """Those of `rows` that asked a model and are judged whole; what ran without a sandbox counts as unjudged."""
    counts_of = run_counts(ledger)
    found = []
    for row in rows:
        counts = counts_of.get(row.run_id)
        if counts is None or row.spec.model is None or not counts.planned:
            continue
        if counts.judged == counts.planned and not counts.verdicts.get(UNSANDBOXED_LABEL):
            passed = counts.verdicts.get(Verdict.PASSED.value, 0)
            found.append(ScoredRun(row.run_id, row.created_at, row.spec, passed, counts.planned))
    return found
