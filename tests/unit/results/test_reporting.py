"""What is told of a run: one truth in the report, in samples.jsonl, in comparisons and in the live counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from farm.errors import ConfigError, RunIncomplete, RunNotFound
from farm.ledger import history
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import (
    CaseResult,
    JudgeSpec,
    Limits,
    SampleKey,
    SampleResult,
    Sampling,
    StoredCompletion,
    Verdict,
)
from farm.reports.cautions import cautions
from farm.reports.samples_jsonl import UnjudgedSample
from farm.reports.sections import finish_with
from farm.results.comparing import paired_run, runs_as_repeats
from farm.results.reporting import NO_SANDBOX, judged_samples, sample_rows, score_run
from farm.sandbox.clock import TOO_BUSY
from farm.scoring.paired import compare_runs
from tests.unit.plans import SUITE_DIGEST, entry, open_ledger, plan, result, spec

PASSED, WRONG = Verdict.PASSED, Verdict.WRONG_ANSWER


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path) as ledger:
        yield ledger


def judged(ledger: Ledger, run_id: str, verdicts: list[Verdict], **changes: object) -> list[SampleKey]:
    keys = plan(ledger, run_id, spec("evaluate", n=len(verdicts)), samples=len(verdicts), completed=len(verdicts))
    rows = [result(key, verdict, **changes) for key, verdict in zip(keys, verdicts, strict=True)]
    ledger.acquire(run_id).record_results(rows)
    return keys


# --- what ran without a sandbox -----------------------------------------------------------------


def test_what_ran_without_a_sandbox_is_judged_nowhere(ledger: Ledger) -> None:
    keys = judged(ledger, "run-1", [PASSED, WRONG], sandbox="none")
    made = score_run(ledger, "run-1")
    assert made.status == "INCOMPLETE" and made.verdicts == {} and made.pass_at_1 is None
    assert made.coverage.unjudged_reasons == {NO_SANDBOX: 2}
    assert made.telemetry.sandboxes == {"none": 2}
    assert list(judged_samples(ledger, "run-1")) == [UnjudgedSample(key, NO_SANDBOX, "none") for key in keys]
    assert all(isinstance(row.outcome, UnjudgedSample) and row.completion for row in sample_rows(ledger, "run-1"))
    assert [state.official for state in history.sample_states(ledger, "run-1")] == [False, False]
    assert finish_with(made) == "farm regrade run-1 --sandbox auto"


def test_one_such_sample_takes_the_score_from_all(ledger: Ledger) -> None:
    keys = plan(ledger, "run-1", spec("evaluate", n=3), samples=3, completed=3)
    journal = ledger.acquire("run-1")
    journal.record_results([result(keys[0]), result(keys[1], sandbox="none")])
    made = score_run(ledger, "run-1")
    assert (made.coverage.judged, made.coverage.unjudged) == (1, 2)
    assert made.telemetry.sandboxes == {"landlock": 1, "none": 1}
    assert finish_with(made) == "farm resume run-1, then farm regrade run-1 --sandbox auto"
    assert [state.official for state in history.sample_states(ledger, "run-1")] == [True, False, True]


def test_confined_results_are_official(ledger: Ledger) -> None:
    judged(ledger, "run-1", [PASSED])
    assert isinstance(next(judged_samples(ledger, "run-1")), SampleResult)
    assert score_run(ledger, "run-1").complete


# --- comparing ----------------------------------------------------------------------------------


def test_two_runs_from_the_ledger(ledger: Ledger) -> None:
    judged(ledger, "run-1", [PASSED])
    judged(ledger, "run-2", [WRONG])
    found = compare_runs(paired_run(ledger, "run-1"), paired_run(ledger, "run-2"))
    assert (found.status, found.same_measurement, found.differences) == ("COMPLETE", True, ())
    assert [flip.problem_id for flip in found.better_a] == ["p1"]
    assert (found.answers_compared, found.answers_equal, found.prompts_compared) == (1, 1, 0)
    with pytest.raises(RunNotFound):
        paired_run(ledger, "run-9")


def test_an_unsandboxed_run_compares_with_nothing(ledger: Ledger) -> None:
    judged(ledger, "run-1", [PASSED])
    judged(ledger, "run-2", [PASSED], sandbox="none")
    found = compare_runs(paired_run(ledger, "run-1"), paired_run(ledger, "run-2"))
    assert (found.status, found.test, found.unjudged) == ("INCOMPLETE", None, 1)


def test_runs_and_their_samples_are_repeats(ledger: Ledger) -> None:
    judged(ledger, "run-1", [PASSED, WRONG])
    judged(ledger, "run-2", [PASSED, PASSED])
    found = runs_as_repeats([paired_run(ledger, "run-1"), paired_run(ledger, "run-2")])
    assert (found.repeats, found.scores, found.flipped) == (4, (1, 0, 1, 1), 1)


def test_unfinished_or_unlike_runs_are_no_repeats(ledger: Ledger) -> None:
    judged(ledger, "run-1", [PASSED])
    plan(ledger, "run-2", spec("evaluate"), samples=1)
    with pytest.raises(RunIncomplete, match="farm resume"):
        runs_as_repeats([paired_run(ledger, "run-1"), paired_run(ledger, "run-2")])
    with pytest.raises(ConfigError, match="run-1"):
        runs_as_repeats([paired_run(ledger, "run-1")])


LCB_LIMITS = Limits(cpu_s=6.0)  # 7 s a test and 140 s of wall time, of the program's clock and of the host's


@pytest.mark.parametrize(
    ("judge", "verdict", "wall_s", "starved_s", "told"),
    [
        ("lcb", Verdict.TIME_LIMIT, 6.0, 0.0, []),
        ("lcb", Verdict.TIME_LIMIT, 8.0, 2.0, []),  # a quarter
        ("lcb", Verdict.TIME_LIMIT, 8.1, 2.1, ["1 of 1 time-outs came on a busy host"]),
        ("lcb", Verdict.PASSED, 72.0, 70.0, []),
        ("lcb", Verdict.PASSED, 73.0, 70.1, ["1 sample(s) waited for a core so long"]),
        ("judge", Verdict.PASSED, 185.0, 180.0, []),  # of 360 s
        ("judge", Verdict.WRONG_ANSWER, 186.0, 180.1, ["1 sample(s) waited for a core so long"]),
        (
            "lcb",
            Verdict.TIME_LIMIT,
            130.0,
            124.0,
            ["1 sample(s) waited for a core so long", "1 of 1 time-outs came on a busy host"],
        ),
    ],
)
def test_a_verdict_of_a_starving_host_is_told(
    ledger: Ledger, judge: Literal["lcb", "judge"], verdict: Verdict, wall_s: float, starved_s: float, told: list[str]
) -> None:
    rules = JudgeSpec(mode=judge)
    [key] = plan(ledger, "run-1", spec(judge=rules, limits=LCB_LIMITS), samples=1, completed=1)
    case = CaseResult(index=0, verdict=verdict, wall_s=wall_s, starved_s=starved_s)
    seen = result(key, verdict, cases=(case,), judge=rules, limits=LCB_LIMITS)
    ledger.acquire("run-1").record_results([seen])
    assert starving(cautions(score_run(ledger, "run-1"))) == told


def test_what_a_starving_host_left_unjudged_is_told(ledger: Ledger) -> None:
    [key] = plan(ledger, "run-1", spec(), samples=1, completed=1)
    ledger.acquire("run-1").record_unjudged(
        [key], "execute", f"SandboxLost: {TOO_BUSY}: in 140 s the program got 5.1 s"
    )
    made = score_run(ledger, "run-1")
    assert not made.complete and starving(cautions(made)) == ["1 sample(s) waited for a core so long"]


def starving(found: list[str]) -> list[str]:
    """The beginnings of the cautions about a busy host."""
    begins = ("1 sample(s) waited for a core so long", "1 of 1 time-outs came on a busy host")
    return [next(b for b in begins if text.startswith(b)) for text in found if text.startswith(begins)]


def test_clamped_answers_reach_the_report(ledger: Ledger) -> None:
    run_spec = spec("evaluate", sampling=Sampling(max_tokens=32768))
    keys = [SampleKey("p1", 0)]
    stored = entry(keys[0])
    stored = StoredCompletion(stored.completion.model_copy(update={"max_tokens": 900}), stored.telemetry, stored.text)
    problem = PlannedProblem("p1", "One", "atcoder", "easy", "2024-01-01", None, SUITE_DIGEST, 1)
    ledger.create_run("run-1", run_spec, [problem], keys, [stored])
    ledger.acquire("run-1").record_results([result(keys[0])])
    clamped = score_run(ledger, "run-1").clamped
    assert clamped is not None and (clamped.samples, clamped.fewest) == (1, 900)
