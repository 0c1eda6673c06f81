"""Planning a run that judges another one's completions, on a real ledger and blob store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm import protocols
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, DigestMismatch, FarmError, LedgerCorrupt, RunIncomplete, RunNotFound, SpecMismatch
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.planning.regrade import plan_regrade, take_over
from farm.records import JudgeSpec, Limits, RunSpec, Verdict
from farm.records.phases import Stage
from farm.reports.cautions import cautions
from farm.reports.table import plain_text
from farm.results.reporting import score_run
from tests.unit.plans import entry, open_ledger, plan, result, spec, store

SEED = protocols.get("seed")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return store(tmp_path)


def regraded(ledger: Ledger, blobs: BlobStore, source: str = "run-1", run_id: str = "run-2") -> RunSpec:
    return plan_regrade(
        ledger, run_id, ledger.run(source), blobs, protocol=SEED, judge=SEED.judge, limits=Limits(cpu_s=2.0),
        references=(), cache=True,
    )  # fmt: skip


def test_a_new_run_holds_copies_and_says_where_they_are_from(ledger: Ledger, blobs: BlobStore) -> None:
    keys = plan(ledger, "run-1", spec("evaluate", n=2), completed=2)
    ledger.acquire("run-1").record_results([result(key) for key in keys])
    before = list(history.results(ledger, "run-1"))
    made = regraded(ledger, blobs)
    assert ledger.run("run-2").spec == made and not made.generates
    assert made.protocol == "seed@1" and made.judge == SEED.judge and made.limits.cpu_s == 2.0
    assert made.regraded_from is not None
    assert made.regraded_from.run_id == "run-1" and made.regraded_from.prompted_by == "official@1"
    assert made.regraded_from.judge == JudgeSpec() and made.regraded_from.limits == Limits()
    assert list(history.completions(ledger, "run-2")) == list(history.completions(ledger, "run-1"))
    assert history.problems(ledger, "run-2") == history.problems(ledger, "run-1")
    assert list(history.results(ledger, "run-1")) == before and list(history.results(ledger, "run-2")) == []


def test_of_a_regraded_run_the_prompts_are_still_the_first_ones(ledger: Ledger, blobs: BlobStore) -> None:
    plan(ledger, "run-1", spec("evaluate"), samples=1, completed=1)
    regraded(ledger, blobs)
    again = regraded(ledger, blobs, "run-2", "run-3")
    assert again.regraded_from is not None
    assert (again.regraded_from.run_id, again.regraded_from.prompted_by) == ("run-2", "official@1")
    plan(ledger, "run-4", spec("grade"), samples=1, completed=1)
    graded = regraded(ledger, blobs, "run-4", "run-5")
    assert graded.regraded_from is not None and graded.regraded_from.prompted_by == ""


def refused(ledger: Ledger, blobs: BlobStore, kind: type[FarmError], says: str) -> None:
    with pytest.raises(kind, match=says):
        regraded(ledger, blobs)
    with pytest.raises(RunNotFound):
        ledger.run("run-2")


def test_a_run_without_completions_is_refused(ledger: Ledger, blobs: BlobStore) -> None:
    plan(ledger, "run-1", spec("evaluate"), samples=1)
    refused(ledger, blobs, RunIncomplete, "run run-1 holds no completion.*farm resume run-1")


def test_lost_tests_are_refused_by_the_problems_name(ledger: Ledger, tmp_path: Path) -> None:
    plan(ledger, "run-1", spec(), samples=1, completed=1)
    refused(ledger, BlobStore(tmp_path / "empty"), DigestMismatch, r"tests of 1 problem\(s\) of run run-1 .* p1")


def test_a_completion_that_cannot_be_read_is_refused_by_the_samples_name(
    ledger: Ledger, blobs: BlobStore, tmp_path: Path
) -> None:
    plan(ledger, "run-1", spec(), completed=2)
    with sqlite3.connect(tmp_path / "ledger.db") as db:
        assert db.execute("UPDATE completions SET text = x'00' WHERE idx = 1").rowcount == 1
    db.close()
    refused(ledger, blobs, LedgerCorrupt, "run run-1, sample p1#1")


def test_a_judge_that_the_tests_are_not_for_is_refused(ledger: Ledger, blobs: BlobStore) -> None:
    plan(ledger, "run-1", spec(judge=JudgeSpec(mode="asserts")), completed=2)
    refused(ledger, blobs, ConfigError, "are Python asserts, which judge mode judge cannot use")


def test_a_name_that_is_taken_is_refused(ledger: Ledger, blobs: BlobStore) -> None:
    plan(ledger, "run-1", spec(), completed=2)
    with pytest.raises(SpecMismatch, match="regraded_from: planned nothing"):
        regraded(ledger, blobs, run_id="run-1")


def test_what_the_source_lacks_is_unjudged_until_the_source_has_it(ledger: Ledger, blobs: BlobStore) -> None:
    keys = plan(ledger, "run-1", spec("evaluate", n=3), samples=3, completed=1)
    made = regraded(ledger, blobs)
    assert made.regraded_from is not None
    journal = ledger.acquire("run-2")
    take_over(ledger, journal, made.regraded_from)
    states = history.sample_states(ledger, "run-2")
    assert [s.completed for s in states] == [True, False, False]
    assert [s.unjudged for s in states] == [
        None,
        *[history.GivenUp(Stage.GENERATE, "run run-1 holds no completion")] * 2,
    ]
    journal.record_results([result(keys[0])])
    journal.release("incomplete")
    report = score_run(ledger, "run-2")
    assert not report.complete and report.coverage.unjudged == 2
    assert "finish with: farm resume run-1, then farm resume run-2" in plain_text(report)

    ledger.acquire("run-1").record_completions([entry(keys[2], "late")])
    journal.retry_unjudged()
    take_over(ledger, journal, made.regraded_from)
    states = history.sample_states(ledger, "run-2")
    assert [s.completed for s in states] == [True, False, True] and states[2].unjudged is None
    assert history.completion(ledger, "run-2", keys[2]).text == b"late"


def test_the_report_says_what_differs(ledger: Ledger, blobs: BlobStore) -> None:
    keys = plan(ledger, "run-1", spec("evaluate", n=2), completed=2)
    ledger.acquire("run-1").record_results([result(key) for key in keys])
    regraded(ledger, blobs)
    ledger.acquire("run-2").record_results([result(keys[0]), result(keys[1], Verdict.WRONG_ANSWER)])
    report = score_run(ledger, "run-2")
    assert report.telemetry.regrade is not None and report.telemetry.regrade.compared == 2
    shown = [" ".join(line.split()) for line in plain_text(report).splitlines()]
    for row in (
        "run run-1 run-2",
        "protocol official@1 seed@1",
        "limits 6 s CPU, 18 s wall less starvation, 1024 MiB per test "
        "2 s CPU, 18 s wall less starvation, 1024 MiB per test",
        "verdict PASSED WRONG_ANSWER 1",
        "Of 2 samples that both judged, 1 have another verdict now.",
        "completions of run run-1",
    ):
        assert row in shown, row
    assert "The prompts and sampling were those of official@1, only judged by seed@1: no score of either." in cautions(
        report
    )


def test_the_same_rules_give_the_same_score_digest(ledger: Ledger, blobs: BlobStore) -> None:
    official = protocols.get("official")
    first = spec(protocol=official.ident, protocol_digest=official.digest(), judge=official.judge)
    keys = plan(ledger, "run-1", first, completed=2)
    plan_regrade(
        ledger, "run-2", ledger.run("run-1"), blobs, protocol=official, judge=official.judge, limits=Limits(),
        references=(), cache=False,
    )  # fmt: skip
    for run_id in ("run-1", "run-2"):
        ledger.acquire(run_id).record_results([result(key, judge=official.judge) for key in keys])
    reports = [score_run(ledger, run_id) for run_id in ("run-1", "run-2")]
    assert reports[0].score_digest() == reports[1].score_digest()
    assert "Judged again" in plain_text(reports[1]) and "Judged again" not in plain_text(reports[0])
