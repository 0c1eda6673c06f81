"""The ledger on a real SQLite file and a real PostgreSQL: first result wins, the fence, the lock, damage."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.errors import ConfigError, LedgerCorrupt, LedgerError, RunExists, RunLocked, RunNotFound
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.journal import Recorded
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.ledger.plan_digest import check_plan
from farm.records import SampleKey, SampleResult, StoredCompletion, Verdict
from farm.records.phases import Stage
from farm.text import encode
from tests.unit import plans as build
from tests.unit.plans import spec

SUITE = sha256_hex(b"suite")
KEY = SampleKey("p1", 0)


def entry(text: str = "hello", key: SampleKey = KEY) -> StoredCompletion:
    return build.entry(key, text)


def result(verdict: Verdict = Verdict.PASSED, *, worker: str = "w1", cpu_s: float = 0.1) -> SampleResult:
    return build.result(KEY, verdict, suite_sha256=SUITE, worker=worker, cpu_s=cpu_s)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as opened:
        problem = PlannedProblem("p1", "One", "atcoder", "easy", "2024-01-01", None, SUITE, 1)
        opened.create_run("run-1", spec(), [problem], [SampleKey("p1", 0), SampleKey("p1", 1)])
        yield opened


def test_many_may_open_a_new_ledger_at_the_same_moment(url: str) -> None:
    def opened(_: int) -> int:
        with Ledger(url) as ledger:
            return len(ledger.runs())

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(opened, range(32))) == [0] * 32


def test_what_was_planned_is_read_back(ledger: Ledger) -> None:
    assert ledger.run("run-1").spec == spec()
    assert [p.problem_id for p in history.problems(ledger, "run-1")] == ["p1"]
    assert [s.key for s in history.sample_states(ledger, "run-1")] == [SampleKey("p1", 0), SampleKey("p1", 1)]


def test_a_run_id_is_given_once(ledger: Ledger) -> None:
    with pytest.raises(RunExists, match="farm resume run-1"):
        ledger.create_run("run-1", spec(), [], [])


def test_a_plan_is_recorded_whole_or_not_at_all(ledger: Ledger) -> None:
    def broken() -> Iterator[SampleKey]:
        yield SampleKey("p1", 0)
        raise RuntimeError("the source broke")

    problem = PlannedProblem("p1", "One", "atcoder", "easy", "", None, SUITE, 1)
    with pytest.raises(RuntimeError):
        ledger.create_run("run-2", spec(), [problem], broken())
    with pytest.raises(RunNotFound):
        ledger.run("run-2")


@pytest.mark.parametrize("text", ["", "plain", "lone \ud800 surrogate", "nul \x00 and \u202e", "x" * 2_000_000])
def test_any_text_survives(ledger: Ledger, text: str) -> None:
    journal = ledger.acquire("run-1")
    assert journal.record_completions([entry(text)]) == [Recorded.NEW]
    assert history.completion(ledger, "run-1", KEY).text == encode(text)


def test_the_first_completion_wins(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    outcomes = journal.record_completions([entry("a"), entry("a"), entry("b")])
    assert outcomes == [Recorded.NEW, Recorded.DUPLICATE, Recorded.CONFLICT]
    assert history.completion(ledger, "run-1", KEY).text == b"a"


def test_the_first_verdict_wins_and_telemetry_is_no_conflict(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    outcomes = journal.record_results([result(), result(worker="w2", cpu_s=3.0), result(Verdict.WRONG_ANSWER)])
    assert outcomes == [Recorded.NEW, Recorded.DUPLICATE, Recorded.CONFLICT]
    assert [r.worker for r in history.results(ledger, "run-1")] == ["w1"]


def test_what_was_not_planned_is_not_recorded(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    assert journal.record_completions([entry(key=SampleKey("p9", 0))]) == [Recorded.UNEXPECTED]
    assert list(history.completion_records(ledger, "run-1")) == []


def test_completions_and_verdicts_of_a_batch_are_one_transaction(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    commits: list[object] = []
    sa.event.listen(ledger._engine, "commit", commits.append)
    unplanned = entry(key=SampleKey("p9", 0))
    completions, verdicts = journal.record([entry("a"), unplanned, entry("b")], [result(), result()])
    assert completions == [Recorded.NEW, Recorded.UNEXPECTED, Recorded.CONFLICT]
    assert verdicts == [Recorded.NEW, Recorded.DUPLICATE]
    assert len(commits) == 1
    assert journal.record([], []) == ([], []) and len(commits) == 1
    assert history.completion(ledger, "run-1", KEY).text == b"a"


def test_failures_and_unjudged_are_kept_until_a_resume_forgets_them(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    journal.record_failure(KEY, "execute", 1, "lost")
    journal.record_unjudged([KEY], "execute", "lost (attempt 3 of 3)")
    state = history.sample_states(ledger, "run-1")[0]
    assert state.unjudged == history.GivenUp(Stage.EXECUTE, "lost (attempt 3 of 3)") and state.failures == {
        "execute": 1
    }
    assert journal.retry_unjudged() == 1
    state = history.sample_states(ledger, "run-1")[0]
    assert state.unjudged is None and state.failures == {}


def test_counters_add_up(ledger: Ledger) -> None:
    journal = ledger.acquire("run-1")
    journal.count([("resends", 2), ("nothing", 0)])
    journal.count([("resends", 3)])
    assert history.counters(ledger, "run-1") == {"resends": 5}


def test_an_older_fence_cannot_write(ledger: Ledger) -> None:
    old = ledger.acquire("run-1")
    new = ledger.acquire("run-1")  # this process again: allowed, with a higher fence
    assert new.fence == old.fence + 1
    with pytest.raises(RunLocked):
        old.record_completions([entry()])
    assert new.record_completions([entry()]) == [Recorded.NEW]


def test_a_living_owner_keeps_the_run_and_a_dead_one_does_not(ledger: Ledger, url: str) -> None:
    code = (
        "import sys; from farm.ledger.ledger import Ledger;"
        "Ledger(sys.argv[1]).acquire('run-1'); print('held', flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdin is not None and owner.stdout is not None
    try:
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(RunLocked, match=f"{socket.gethostname()}:{owner.pid}:"):
            ledger.acquire("run-1")
    finally:
        owner.kill()
        owner.wait()
        owner.stdin.close()
        owner.stdout.close()
    assert ledger.acquire("run-1").fence == 2


def test_an_owner_on_another_host_is_dead_when_it_falls_silent(ledger: Ledger) -> None:
    ledger.acquire("run-1")
    damage(ledger, "UPDATE runs SET owner = 'elsewhere:1:1'")
    with pytest.raises(RunLocked, match="elsewhere:1:1"):
        ledger.acquire("run-1")
    damage(ledger, "UPDATE runs SET heartbeat = heartbeat - 3600")
    assert ledger.acquire("run-1").fence == 2


def damage(ledger: Ledger, statement: str, **values: object) -> None:
    with ledger.write() as db:
        assert db.execute(sa.text(statement), values).rowcount > 0


@pytest.mark.parametrize(
    ("statement", "values", "place"),
    [
        ("UPDATE completions SET record = replace(record, '\"index\":0', '\"index\":1')", {}, "sample p1#0"),
        ("UPDATE completions SET text = :data", {"data": b"\0"}, "sample p1#0"),
        ("UPDATE completions SET text = :data", {"data": bytes(9)}, "sample p1#0"),
    ],
)
def test_an_altered_completion_is_found_when_it_is_read(
    ledger: Ledger, statement: str, values: dict[str, object], place: str
) -> None:
    ledger.acquire("run-1").record_completions([entry()])
    damage(ledger, statement.replace(":", "\\:") if not values else statement, **values)
    with pytest.raises(LedgerCorrupt, match=place):
        history.completion(ledger, "run-1", KEY)


def test_an_altered_verdict_or_spec_is_found_when_it_is_read(ledger: Ledger) -> None:
    ledger.acquire("run-1").record_results([result(Verdict.WRONG_ANSWER)])
    damage(ledger, "UPDATE results SET record = replace(record, 'WRONG_ANSWER', 'PASSED')")
    with pytest.raises(LedgerCorrupt, match="sample p1#0"):
        list(history.results(ledger, "run-1"))
    damage(ledger, "UPDATE runs SET spec = replace(spec, 'official', 'of')")
    with pytest.raises(LedgerCorrupt, match="run-1"):
        ledger.run("run-1")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE problems SET difficulty = 'hard'",
        "UPDATE samples SET idx = 7 WHERE idx = 1",
        "DELETE FROM samples WHERE idx = 1",
        "DELETE FROM plans",
    ],
)
def test_an_altered_plan_is_refused(ledger: Ledger, statement: str) -> None:
    with ledger.read() as db:
        check_plan(db, "run-1")
    damage(ledger, statement)
    with ledger.read() as db, pytest.raises(LedgerCorrupt, match="run-1: its plan"):
        check_plan(db, "run-1")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(LedgerError, match=r"ledger\.db"):
        Ledger(f"sqlite:///{path}")


@pytest.mark.parametrize("bad", ["", "nonsense", "mysql://x/y", "sqlite://", "postgresql://u@h:x/db"])
def test_a_url_that_cannot_be_used_is_a_configuration_error(bad: str) -> None:
    with pytest.raises(ConfigError, match="FARM_LEDGER_URL"):
        Ledger(bad)


def test_a_server_that_is_away_is_a_ledger_error_without_its_password() -> None:
    with pytest.raises(LedgerError, match=r"ledger postgresql://user:\*\*\*@127") as caught:
        Ledger("postgresql://user:canary@127.0.0.1:1/farm")
    assert "canary" not in str(caught.value)
