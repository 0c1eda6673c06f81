"""A run as one looks at it: each problem with what was asked, answered, executed and seen.

What a report's page, `farm inspect` and the exports share. Texts are whole and as they came; who shows
them escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from farm.errors import ConfigError, DigestMismatch
from farm.ledger import history
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.protocols import Protocol, get, program_of
from farm.records import Prompt, RunSpec, SampleKey, SampleResult, StoredCompletion, Suite
from farm.reports.details import ProblemDetail, SampleDetail
from farm.reports.samples_jsonl import UnjudgedSample
from farm.results.reporting import judged_samples
from farm.text import decode

Load = Callable[[str], bytes]


def problem_details(ledger: Ledger, run_id: str, load: Load) -> Iterator[ProblemDetail]:
    """Each problem of a run with its samples, in dataset order, one problem in memory at a time.

    `load` gives the stored value of a digest (DigestMismatch if it has none: then `suite` is None). Raises
    RunNotFound and LedgerCorrupt.
    """
    spec = ledger.run(run_id).spec
    problems = {problem.problem_id: problem for problem in history.problems(ledger, run_id)}
    outcomes = groupby(judged_samples(ledger, run_id), key=lambda outcome: outcome.key.problem_id)
    for problem_id, of_problem in outcomes:
        yield _detail(ledger, run_id, spec, problems[problem_id], list(of_problem), load)


def problem_detail(ledger: Ledger, run_id: str, problem_id: str, load: Load) -> ProblemDetail:
    """One problem of a run. ConfigError, with near names, if the run has none of that id."""
    spec = ledger.run(run_id).spec
    problem = next((p for p in history.problems(ledger, run_id) if p.problem_id == problem_id), None)
    if problem is None:
        raise ConfigError(f"run {run_id} has no problem {problem_id}", remedy=f"list them with: farm inspect {run_id}")
    outcomes = [outcome for outcome in judged_samples(ledger, run_id) if outcome.key.problem_id == problem_id]
    return _detail(ledger, run_id, spec, problem, outcomes, load)


def _detail(
    ledger: Ledger,
    run_id: str,
    spec: RunSpec,
    problem: PlannedProblem,
    outcomes: list[SampleResult | UnjudgedSample],
    load: Load,
) -> ProblemDetail:
    suite = _suite(problem.suite_digest, load)
    protocol = known_protocol(spec.protocol)
    own_code = "" if suite is None else suite.own_code
    answers = {stored.completion.key: stored for stored in history.completions_of(ledger, run_id, problem.problem_id)}
    return ProblemDetail(
        problem_id=problem.problem_id,
        title=problem.title,
        platform=problem.platform,
        difficulty=problem.difficulty,
        contest_date=problem.contest_date,
        statement=history.statement(ledger, run_id, problem.problem_id),
        prompt=None if problem.prompt is None else Prompt.model_validate_json(problem.prompt),
        suite=suite,
        tests=problem.tests,
        samples=tuple(_sample(outcome, answers.get(outcome.key), protocol, own_code) for outcome in outcomes),
    )


def _sample(
    outcome: SampleResult | UnjudgedSample, stored: StoredCompletion | None, protocol: Protocol | None, own_code: str
) -> SampleDetail:
    key: SampleKey = outcome.key
    if stored is None:
        return SampleDetail(key, outcome)
    program = (
        None if protocol is None else program_of(protocol, stored.completion, stored.text, own_code, stored.program)
    )
    return SampleDetail(
        key,
        outcome,
        stored.completion,
        stored.telemetry,
        text=decode(stored.text),
        reasoning="" if stored.reasoning is None else decode(stored.reasoning),
        program=None if program is None else decode(program),
    )


def known_protocol(ident: str) -> Protocol | None:
    """The protocol of a run; None for one of another version of farm, or of a plug-in that is not installed here."""
    try:
        return get(ident)
    except ConfigError:
        return None  # the answer is shown, what the protocol took from it is not known


def _suite(digest: str, load: Load) -> Suite | None:
    try:
        return Suite.model_validate_json(load(digest))
    except DigestMismatch:
        return None
