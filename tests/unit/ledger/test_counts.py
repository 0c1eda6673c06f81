"""Counts of runs from the ledger alone."""

from __future__ import annotations

from pathlib import Path

from farm.coordinator.progress import Progress
from farm.ledger.counts import run_counts
from farm.records import UNSANDBOXED_LABEL, Verdict
from farm.records.phases import Phase
from tests.unit.plans import entry, open_ledger, plan, result, spec


def test_each_run_is_counted_for_itself(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        keys = plan(ledger, "run-1", spec(), samples=6)
        plan(ledger, "run-2", spec(), samples=3)
        journal = ledger.acquire("run-1")
        journal.record_completions([entry(key) for key in keys[:5]])
        journal.record_results(
            [result(keys[0]), result(keys[1], Verdict.WRONG_ANSWER), result(keys[2], sandbox="none")]
        )
        journal.record_unjudged([keys[2], keys[3]], "execute", "lost")  # the verdict on the first came late
        found = run_counts(ledger)
        assert found["run-1"].verdicts == {"PASSED": 1, "WRONG_ANSWER": 1, UNSANDBOXED_LABEL: 1}
        assert (found["run-1"].planned, found["run-1"].completed, found["run-1"].unjudged) == (6, 5, 1)
        assert found["run-2"].planned == 3 and found["run-2"].judged == 0
        assert run_counts(ledger, "run-2") == {"run-2": found["run-2"]}
        phases = found["run-1"].phases()
        assert phases[Phase.JUDGED] == 3 and phases[Phase.UNJUDGED] == 1 and sum(phases.values()) == 6


def test_a_picture_of_a_run_travels(tmp_path: Path) -> None:
    phases = dict.fromkeys(Phase, 0) | {Phase.EXECUTING: 2}
    shown = Progress(phases, {"PASSED": 1}, 10, 3, 32, 1.5, "all is well")
    assert Progress.from_json(shown.to_json()) == shown
