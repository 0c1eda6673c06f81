"""A run's report from its ledger rows, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from farm.judging.lcb import alarm_s
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.ledger.plan_digest import check_plan
from farm.records import CaseResult, Completion, Difficulty, GenerateTelemetry, SampleKey, SampleResult, Verdict
from farm.records.phases import Stage
from farm.reports.samples_jsonl import SampleRow, UnjudgedSample
from farm.results.answer_lookup import AnswerLookup
from farm.sandbox.clock import STARVED_FOLD, TOO_BUSY
from farm.scoring.aggregate import NO_RESULT, ProblemFacts, SampleFacts, aggregate
from farm.scoring.report import Counters, Report, Timing

STARVED_SHARE = 0.25  # of the time of a test without a core: a reader should know
NO_SANDBOX = "executed without a sandbox: no score"

# The ledger's counters by the name that a report gives them.
COUNTERS = {
    "retries": ("request_retries",),
    "resends": ("resends", "failed_attempts", "workers_lost"),
    "duplicates": ("duplicate_completions", "duplicate_verdicts"),
    "conflicts": ("conflict_completions", "conflict_verdicts"),
    "quarantined": ("quarantined", "refused_messages", "unexpected_completions", "unexpected_verdicts"),
}


def score_run(ledger: Ledger, run_id: str) -> Report:
    """The report of a run as it stands; INCOMPLETE while any planned sample has no verdict.

    Raises RunNotFound, and LedgerCorrupt when a row is not what was written.
    """
    run = ledger.run(run_id)
    with ledger.read() as db:
        check_plan(db, run_id)
    problems = [
        ProblemFacts(p.problem_id, Difficulty(p.difficulty), p.platform, p.contest_date, p.tool_score)
        for p in history.problems(ledger, run_id)
    ]
    counted = history.counters(ledger, run_id)
    totals = {name: sum(counted.get(part, 0) for part in parts) for name, parts in COUNTERS.items()}
    return aggregate(
        run_id,
        run.spec,
        problems,
        _facts(ledger, run_id),
        Counters(**totals),
        Timing(started_at=run.created_at, finished_at=run.finished_at, wall_s=run.active_s),
        running=run.state == "running",
    )


def judged_samples(ledger: Ledger, run_id: str) -> Iterator[SampleResult | UnjudgedSample]:
    """Each planned sample with its verdict, or why it has none; in dataset order and by index.

    What ran without a sandbox has none here, whatever was recorded: it may be forged.
    """
    results = history.results(ledger, run_id)
    result = next(results, None)
    for state in history.sample_states(ledger, run_id):
        if result is not None and result.key == state.key:
            yield result if result.official else UnjudgedSample(state.key, NO_SANDBOX, result.sandbox)
            result = next(results, None)
        else:
            given_up = state.unjudged
            reason = NO_RESULT if given_up is None else str(given_up)
            yield UnjudgedSample(state.key, reason, generated=given_up is None or given_up.stage is not Stage.GENERATE)


def sample_rows(ledger: Ledger, run_id: str) -> Iterator[SampleRow]:
    """`judged_samples`, each with the answer it is about."""
    answers = {completion.key: completion for completion, _ in history.completion_records(ledger, run_id)}
    for outcome in judged_samples(ledger, run_id):
        yield SampleRow(outcome, answers.get(outcome.key))


def _facts(ledger: Ledger, run_id: str) -> Iterator[SampleFacts]:
    answered: dict[SampleKey, dict[str, Any]] = {}
    records: dict[SampleKey, tuple[Completion, GenerateTelemetry]] = {}
    spec = ledger.run(run_id).spec
    look_up = AnswerLookup(ledger, run_id, spec)
    source = spec.regraded_from
    earlier = {} if source is None else history.verdicts(ledger, source.run_id)
    for completion, telemetry in history.completion_records(ledger, run_id):
        records[completion.key] = completion, telemetry
        answered[completion.key] = {
            "finish_reason": completion.finish_reason,
            "answered_by": completion.model,
            "max_tokens": completion.max_tokens,
            "prompt_tokens": completion.usage.prompt_tokens,
            "completion_tokens": completion.usage.completion_tokens,
            "latency_s": telemetry.latency_s if spec.generates else None,
            "ttft_s": telemetry.ttft_s if spec.generates else None,
            "server": telemetry.server if spec.generates else "",
        }
    for sample in judged_samples(ledger, run_id):
        record = records.get(sample.key)
        verdict = sample.verdict if isinstance(sample, SampleResult) else None
        yield SampleFacts(
            answer=None if record is None else look_up.facts(*record, verdict),
            key=sample.key,
            earlier=earlier.get(sample.key),
            **answered.get(sample.key, {}),
            **_judgement(sample),
        )


def _judgement(sample: SampleResult | UnjudgedSample) -> dict[str, Any]:
    if isinstance(sample, UnjudgedSample):
        return {
            "unjudged_reason": sample.reason,
            "sandbox": sample.sandbox,
            "generated": sample.generated,
            "held_up": TOO_BUSY in sample.reason,
        }
    return {
        "verdict": sample.verdict,
        "sandbox": sample.sandbox if sample.cases else "",
        "runtime": sample.runtime,
        "checked": sample.tests_decided_by("checker") > 0,
        "faulted": sample.tests_decided_by("fault") > 0,
        "broke_sandbox": sample.program_sha256 if sample.verdict is Verdict.SANDBOX_BROKEN else None,
        "cached": bool(sample.cached_from),
        "seen": tuple(count.verdict for count in sample.verdicts_seen),
        "held_up": any(_was_held_up(case, sample) for case in sample.cases),
        "starved": sample.verdict is Verdict.TIME_LIMIT and any(_was_starved(case) for case in sample.cases),
    }


def _was_held_up(case: CaseResult, sample: SampleResult) -> bool:
    """Whether a test waited for cores half as long as makes it unjudged, or longer."""
    limits = sample.limits
    limit_s = alarm_s(limits) + 1 if sample.judge.mode == "lcb" else limits.wall_s
    return 2 * case.starved_s > STARVED_FOLD * limit_s


def _was_starved(case: CaseResult) -> bool:
    return case.verdict is Verdict.TIME_LIMIT and case.starved_s > STARVED_SHARE * case.wall_s
