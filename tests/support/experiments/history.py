"""What became of each planned sample, in the words of Jepsen's total-queue checker.

A sample is `attempted` when work for it was asked for, `acknowledged` when the ledger holds a verdict on it. From
these follow `lost` and `unexpected`, which must be empty, and `duplicated` and `recovered`, which may not be: they
say what the farm had to do to lose nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from farm.ids import sample_seed
from farm.ledger import history as ledger_history
from farm.ledger import tables
from farm.ledger.ledger import Ledger
from farm.records import SampleKey
from tests.support.cluster.cluster import RUN_ID, Cluster
from tests.support.farm_process import report_of, samples_of


@dataclass(frozen=True)
class History:
    """One run, as ledger, report and model server tell it."""

    planned: Counter[SampleKey]
    requests: Counter[SampleKey]  # to the model server
    completions: Counter[SampleKey]  # rows of the ledger
    verdicts: Mapping[SampleKey, list[str]]  # rows of the ledger
    unjudged: Mapping[SampleKey, str]
    failures: Mapping[SampleKey, list[str]]  # reasons of failed attempts
    counters: Mapping[str, int]  # of the ledger
    reported: Counter[SampleKey]  # rows of the report's samples
    report: Mapping[str, Any]  # report.json; empty if none was written

    @property
    def attempted(self) -> set[SampleKey]:
        """Asked for, or answered: a run that only grades asks no server."""
        return set(self.requests) | set(self.completions) | set(self.verdicts)

    @property
    def acknowledged(self) -> set[SampleKey]:
        return set(self.verdicts)

    @property
    def lost(self) -> set[SampleKey]:
        """Planned and not recorded."""
        return set(self.planned) - self.acknowledged

    @property
    def unexpected(self) -> set[SampleKey]:
        """Recorded and not planned."""
        return (self.acknowledged | set(self.completions) | set(self.reported)) - set(self.planned)

    @property
    def duplicated(self) -> int:
        """Answers that came when one was recorded already, equal or not."""
        return sum(n for name, n in self.counters.items() if name.startswith(("duplicate_", "conflict_")))

    @property
    def recovered(self) -> set[SampleKey]:
        """Recorded, although an attempt at it failed or its work was asked for again."""
        again = {key for key, times in self.requests.items() if times > 1}
        return (set(self.failures) | again) & self.acknowledged

    def __str__(self) -> str:
        words = {
            "planned": len(self.planned),
            "attempted": len(self.attempted),
            "acknowledged": len(self.acknowledged),
            "lost": len(self.lost),
            "unexpected": len(self.unexpected),
            "duplicated": self.duplicated,
            "recovered": len(self.recovered),
            "requests": self.requests.total(),
            "failed attempts": sum(map(len, self.failures.values())),
            **self.counters,
        }
        return ", ".join(f"{word} {number}" for word, number in words.items())


def history_of(cluster: Cluster) -> History:
    """The history of the cluster's run."""
    ledger = cluster.ledger
    planned = _keys(ledger, tables.samples)
    unjudged = _texts(ledger, tables.unjudged, tables.unjudged.c.reason)
    asked = cluster.seeds_asked()
    seeds = {sample_seed(cluster.model.seed, key.problem_id, key.index): key for key in planned}
    written = (cluster.out / "report.json").exists()
    return History(
        planned=planned,
        requests=Counter({seeds[seed]: times for seed, times in asked.items() if seed in seeds}),
        completions=_keys(ledger, tables.completions),
        verdicts=_texts(ledger, tables.results, tables.results.c.verdict),
        unjudged={key: reasons[0] for key, reasons in unjudged.items()},
        failures=_texts(ledger, tables.failures, tables.failures.c.reason),
        counters=ledger_history.counters(ledger, RUN_ID),
        reported=Counter(SampleKey(row["problem_id"], row["index"]) for row in _rows(cluster.out)),
        report=report_of(cluster.out) if written else {},
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    return samples_of(folder) if (folder / "samples.jsonl").exists() else []


def _keys(ledger: Ledger, table: sa.Table) -> Counter[SampleKey]:
    with ledger.read() as db:
        rows = db.execute(sa.select(table.c.problem_id, table.c.idx).where(table.c.run_id == RUN_ID))
        return Counter(SampleKey(problem_id, index) for problem_id, index in rows)


def _texts(ledger: Ledger, table: sa.Table, column: sa.ColumnElement[Any]) -> dict[SampleKey, list[str]]:
    found: dict[SampleKey, list[str]] = {}
    with ledger.read() as db:
        for problem_id, index, text in db.execute(
            sa.select(table.c.problem_id, table.c.idx, column).where(table.c.run_id == RUN_ID)
        ):
            found.setdefault(SampleKey(problem_id, index), []).append(str(text))
    return found
