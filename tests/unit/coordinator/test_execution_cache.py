"""What need not be executed: the rules, and the look into a real ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.coordinator.execution_cache import ExecutionCache, WaitFor
from farm.coordinator.receiving import AnswerReceiver
from farm.ids import sha256_hex
from farm.ledger import history
from farm.ledger.executions import RuntimeIdentity, copy_for, digest_of, execution_digest, steady
from farm.ledger.ledger import Ledger
from farm.queue.answer_stream import AnswerStream
from farm.queue.redis_keys import Keys
from farm.queue.signing import Signer
from farm.records import CaseResult, JudgeSpec, Limits, SampleKey, SampleResult, Verdict
from tests.support.redis_server import running_redis
from tests.unit.plans import PROGRAM, SUITE_DIGEST, open_ledger, plan, result, spec

HERE = RuntimeIdentity("cpython-3.11.7 harness-1", "landlock")
KEY = SampleKey("p1", 0)


# --- the rules ------------------------------------------------------------------------------------


def test_whatever_decides_a_verdict_is_part_of_an_executions_name() -> None:
    other = sha256_hex(b"other")
    names = {
        execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(), Limits()),
        execution_digest(other, SUITE_DIGEST, JudgeSpec(), Limits()),
        execution_digest(PROGRAM, other, JudgeSpec(), Limits()),
        execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(mode="lcb"), Limits()),
        execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(stop="all"), Limits()),
        execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(), Limits(memory_bytes=1 << 29)),
    }
    assert len(names) == 6
    assert digest_of(result(KEY)) == execution_digest(PROGRAM, SUITE_DIGEST, JudgeSpec(), Limits())


def test_what_was_not_executed_to_its_end_has_no_name() -> None:
    assert digest_of(result(KEY, Verdict.NO_CODE, program_sha256=None, cases=(), first_failure=None)) is None
    assert digest_of(result(KEY, Verdict.SANDBOX_BROKEN)) is None, "each sample needs its own evidence"
    assert digest_of(copy_for(SampleKey("p1", 1), result(KEY), "run-1", 1.0)) is None


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_limits_of_time_and_memory_are_a_matter_of_the_host(verdict: Verdict) -> None:
    assert steady(result(KEY, verdict)) == (verdict not in (Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT))


@pytest.mark.parametrize(
    ("judge", "facts", "expected"),
    [
        ("judge", {"cpu_s": 2.9, "wall_s": 8.9, "peak_bytes": 500 << 20}, True),
        ("judge", {"cpu_s": 3.1}, False),
        ("judge", {"wall_s": 9.1}, False),
        ("judge", {"peak_bytes": 513 << 20}, False),
        ("judge", {"wall_s": 90.0, "starved_s": 82.0}, True),  # a busy host is no limit
        ("lcb", {"cpu_s": 2.9, "wall_s": 2.9}, True),
        ("lcb", {"wall_s": 3.1}, False),  # its clock is an alarm
    ],
)
def test_a_verdict_near_a_limit_is_not_steady(judge: str, facts: dict[str, Any], expected: bool) -> None:
    mode = JudgeSpec(mode="lcb" if judge == "lcb" else "judge")
    assert steady(result(KEY, judge=mode, cases=(CaseResult(index=0, verdict=Verdict.PASSED, **facts),))) is expected


# --- the look -------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as ledger:
        for run_id in ("run-1", "run-2"):
            plan(ledger, run_id, spec(), samples=3)
        yield ledger


def record(ledger: Ledger, run_id: str, made: SampleResult) -> None:
    ledger.acquire(run_id).record_results([made])


def decided(
    ledger: Ledger,
    run_id: str = "run-2",
    *,
    index: int = 1,
    runtimes: tuple[RuntimeIdentity, ...] = (HERE,),
    cache: bool = True,
) -> SampleResult | WaitFor | None:
    looker = ExecutionCache(ledger, run_id, spec(cache=cache), lambda key: False)
    looker.set_runtimes(runtimes)
    return looker.decide(SampleKey("p1", index), PROGRAM, SUITE_DIGEST)


def test_an_execution_of_another_run_is_found_and_says_where_it_is_from(ledger: Ledger) -> None:
    made = result(KEY)
    record(ledger, "run-1", made)
    found = decided(ledger)
    assert isinstance(found, SampleResult)
    assert found.key == SampleKey("p1", 1) and found.cached_from == "run-1/p1#0"
    telemetry = {"problem_id", "index", "cached_from", "finished_at"}
    assert found.model_dump(exclude=telemetry) == made.model_dump(exclude=telemetry)


def test_the_own_runs_execution_is_preferred_and_a_copy_is_no_source(ledger: Ledger) -> None:
    record(ledger, "run-1", result(KEY))
    copied = decided(ledger)
    assert isinstance(copied, SampleResult)
    record(ledger, "run-2", copied)
    again = decided(ledger, index=2)
    assert isinstance(again, SampleResult) and again.cached_from == "run-1/p1#0"
    record(ledger, "run-2", result(SampleKey("p1", 0)))
    own = decided(ledger, index=2)
    assert isinstance(own, SampleResult) and own.cached_from == "run-2/p1#0"


@pytest.mark.parametrize(
    "runtimes",
    [
        (),
        (RuntimeIdentity("cpython-3.12.1 harness-1", "landlock"),),
        (RuntimeIdentity(HERE.versions, "ns"),),
        (RuntimeIdentity(HERE.versions, "none"),),
    ],
    ids=["nobody", "another python", "another tier", "no sandbox"],
)
def test_only_what_a_present_worker_could_have_found_is_reused(
    ledger: Ledger, runtimes: tuple[RuntimeIdentity, ...]
) -> None:
    record(ledger, "run-1", result(KEY))
    assert decided(ledger, runtimes=runtimes) is None


def test_what_ran_without_a_sandbox_is_reused_nowhere(ledger: Ledger) -> None:
    record(ledger, "run-1", result(KEY, sandbox="none"))
    for run_id in ("run-1", "run-2"):
        assert decided(ledger, run_id, runtimes=(HERE, RuntimeIdentity(HERE.versions, "none"))) is None


def test_a_verdict_at_a_limit_is_reused_in_its_run_only(ledger: Ledger) -> None:
    record(ledger, "run-1", result(KEY, Verdict.TIME_LIMIT))
    assert isinstance(decided(ledger, "run-1"), SampleResult)
    assert decided(ledger, "run-2") is None


def test_without_cache_nothing_is_looked_up(ledger: Ledger) -> None:
    record(ledger, "run-1", result(KEY))
    assert decided(ledger, cache=False) is None


def damage(tmp_path: Path, statement: str, *values: str) -> None:
    db = sqlite3.connect(tmp_path / "ledger.db")
    with db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


def test_an_altered_verdict_is_not_reused_and_stops_no_other_run(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, "run-1", result(KEY))
    damage(tmp_path, "UPDATE results SET record = replace(record, 'PASSED', 'WRONG_ANSWER')")
    assert decided(ledger) is None


def test_a_verdict_listed_under_another_programs_name_is_not_reused(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, "run-1", result(KEY, program_sha256=sha256_hex(b"another program")))
    assert decided(ledger) is None
    name = digest_of(result(KEY))
    assert name is not None
    damage(tmp_path, "UPDATE executions SET digest = ?", name)
    assert decided(ledger) is None


@pytest.mark.redis
def test_a_worker_cannot_answer_with_a_copy(ledger: Ledger, tmp_path: Path) -> None:
    """`cached_from` is the coordinator's word: an answer that has it would hide that it was executed."""
    journal = ledger.acquire("run-1")
    problems = {row.problem_id: row for row in history.problems(ledger, "run-1")}
    with running_redis(tmp_path / "redis") as server:
        connection = server.client()
        answers = AnswerStream(connection, Keys("farm:"), Signer(b""))
        receiver = AnswerReceiver(journal, answers, spec(), problems, {KEY}, lambda key: PROGRAM, lambda: None)
        answers.results("run-1", 1, [result(KEY, cached_from="run-2/p1#0")])
        refused = receiver.read(block_ms=0)
        assert refused.counts["quarantined"] == 1 and refused.verdicts == []
        answers.results("run-1", 1, [result(KEY)])
        taken = receiver.read(block_ms=0)
        assert taken.verdicts == [(KEY, "PASSED")] and taken.runtimes == {HERE}
        connection.close()


# --- waiting --------------------------------------------------------------------------------------


def test_one_is_executed_and_the_others_wait_while_it_is_out(ledger: Ledger) -> None:
    a, b, c = (SampleKey("p1", index) for index in range(3))
    out = {a, b, c}
    looker = ExecutionCache(ledger, "run-1", spec(), lambda key: key in out)
    looker.set_runtimes([HERE])

    def decide(key: SampleKey) -> object:
        return looker.decide(key, PROGRAM, SUITE_DIGEST)

    assert decide(a) is None and decide(b) == WaitFor(a) and decide(c) == WaitFor(a)
    assert decide(a) is None, "sent again, it waits for no other sample"
    out.remove(a)  # lost: the next one takes its place, and it waits in turn
    assert decide(b) is None and decide(a) == WaitFor(b)


def test_what_an_earlier_coordinator_sent_is_waited_for(ledger: Ledger) -> None:
    looker = ExecutionCache(ledger, "run-1", spec(), lambda key: True)
    looker.adopt(KEY, PROGRAM, SUITE_DIGEST)
    assert looker.decide(SampleKey("p1", 1), PROGRAM, SUITE_DIGEST) == WaitFor(KEY)


def test_where_none_confines_programs_nobody_waits(ledger: Ledger) -> None:
    looker = ExecutionCache(ledger, "run-1", spec(), lambda key: True)
    looker.set_runtimes([RuntimeIdentity(HERE.versions, "none")])
    assert [looker.decide(SampleKey("p1", i), PROGRAM, SUITE_DIGEST) for i in range(3)] == [None, None, None]
