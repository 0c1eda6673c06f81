"""`farm gate`: one answer from two stored runs, a reference score, or as few new samples as it takes."""

from __future__ import annotations

from collections.abc import Callable

from farm.app.display import Display
from farm.app.home import open_ledger
from farm.app.model_servers import ready_servers
from farm.app.reports import report_directory, write_reports
from farm.app.requests import GateRequest, RunOptions
from farm.app.run import refuse_paused, run_to_end
from farm.config import Settings
from farm.errors import ConfigError
from farm.ids import new_run_id
from farm.ledger.counts import run_counts
from farm.ledger.ledger import Ledger
from farm.results import sequential
from farm.results.comparing import paired_run
from farm.results.reporting import score_run
from farm.scoring.gate import Gate, gate_reference, gate_runs, without_evidence, without_program
from farm.scoring.paired import compare_runs
from farm.scoring.sequential import SequentialPlan


def gate(settings: Settings, request: GateRequest, display: Display) -> Gate:
    """Whether the run passes. ConfigError for runs that cannot be compared."""
    settings = request.servers.settings(settings)
    with open_ledger(settings) as ledger:
        if request.sequential:
            return _sequential(settings, ledger, request, display)
        return _stored(ledger, request)


def _stored(ledger: Ledger, request: GateRequest) -> Gate:
    assert request.run_id is not None
    try:
        if request.reference:
            return gate_reference(
                score_run(ledger, request.run_id),
                request.alpha,
                tt_rule=request.tt_rule,
                allow_subset=request.allow_subset,
            )
        pair = (paired_run(ledger, request.against[0]), paired_run(ledger, request.run_id))
        return gate_runs(compare_runs(*pair), request.alpha, allow_subset=request.allow_subset)
    except ValueError as exc:
        raise ConfigError(str(exc), remedy="look at both with: farm compare") from exc


def _sequential(settings: Settings, ledger: Ledger, request: GateRequest, display: Display) -> Gate:
    """Ask the stored runs' problems again, those that tell most first, until the answer is known."""
    against, run_id = request.against, request.run_id
    stored = sequential.stored_results(ledger, against)
    plan = sequential.make_plan(stored, loss=request.loss / 100, alpha=request.alpha, beta=request.beta)
    _caution(plan, stored, display)
    source = ledger.run(against[0]).spec
    if run_id is not None:
        sequential.check_alike(against[0], source, run_id, ledger.run(run_id).spec)
    if run_id is None or sequential.follow(ledger, run_id, plan).decision is None:
        if source.model is None:
            raise ConfigError(f"run {against[0]} asked no model", remedy="name an evaluated run")
        ready = ready_servers(
            settings,
            source.model,
            request.servers.urls,
            request.servers.wait_s,
            display,
            source.sampling,
            request.options.drive,
        )
        urls = ready.urls
        if run_id is None:
            run_id = request.name or new_run_id(f"gate-{source.model.name}")
            sequential.plan_run(ledger, run_id, against[0], plan, urls)
            display.say(f"run {run_id}: up to {len(plan.order)} problems")
        _drive(settings, ledger, run_id, request.options.on(urls), plan, display)
    test = sequential.follow(ledger, run_id, plan)
    write_reports(settings, ledger, run_id, report_directory(settings, run_id, request.options.out))
    answer = sequential.answer(run_id, ", ".join(against), plan, test)
    empty = [name for name in (*against, run_id) if without_program(run_counts(ledger, name)[name].verdicts)]
    return without_evidence(answer, empty[0]) if empty else answer


def _drive(
    settings: Settings, ledger: Ledger, run_id: str, options: RunOptions, plan: SequentialPlan, display: Display
) -> None:
    decided = _decided(ledger, run_id, plan)
    ended = run_to_end(settings, ledger, run_id, options, display=display, retry_unjudged=True, until=decided)
    if sequential.follow(ledger, run_id, plan).decision is None:
        refuse_paused(run_id, ended)


def _decided(ledger: Ledger, run_id: str, plan: SequentialPlan) -> Callable[[int], bool]:
    """Whether the gate knows its answer; the ledger is read again only when more samples have ended."""
    last = -1

    def decided(ended: int) -> bool:
        nonlocal last
        if ended == last:
            return False
        last = ended
        return sequential.follow(ledger, run_id, plan).decision is not None

    return decided


def _caution(plan: SequentialPlan, stored: dict[str, list[bool]], display: Display) -> None:
    if max(map(len, stored.values())) < 2:
        display.say("caution: one stored sample of each problem tells no order; give REF more samples or runs")
    if plan.misses > 2 * plan.beta:
        display.say(
            f"caution: this set is small: a loss of {plan.loss * 100:g} points is missed in up to "
            f"{plan.misses * 100:.0f} % of cases"
        )
