"""`farm gate`: one exit code for CI, from two stored runs, a reference score, or as few problems as it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from farm.app.home import open_ledger
from farm.app.model_servers import ready_servers
from farm.app.reports import report_directory, write_reports
from farm.app.run import RunOptions, refuse_paused, run_to_end
from farm.cli.options.model_servers import SERVER_URL, WAIT_SERVER
from farm.cli.options.run import HOW, REQUESTS, how_to_run, named
from farm.config import Settings, load
from farm.coordinator.progress import Ended
from farm.errors import ConfigError, RunIncomplete
from farm.ids import new_run_id
from farm.ledger.ledger import Ledger
from farm.reports.gating import as_junit, as_summary, as_text
from farm.reports.write import durable
from farm.results import sequential
from farm.results.comparing import paired_run
from farm.results.reporting import score_run
from farm.scoring.gate import Gate, gate_reference, gate_runs
from farm.scoring.paired import compare_runs
from farm.scoring.sequential import SequentialPlan
from farm.screen.terminal import Terminal

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("run_id", required=False, metavar="[RUN]")
@click.option(
    "--against", multiple=True, metavar="REF", help="A stored run to hold RUN against; --sequential: repeatable."
)
@click.option("--reference", is_flag=True, help="Hold RUN against the reference score of its eval task.")
@click.option("--tt-rule", is_flag=True, help="With --reference: tt-inference-server's accuracy check, noise or not.")
@click.option("--sequential", "is_sequential", is_flag=True, help="Ask REF's problems anew, as few as it takes.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.05,
    show_default=True,
    help="Share of equal models that may fail.",
)
@click.option(
    "--loss",
    type=click.FloatRange(0, 100, min_open=True),
    default=5.0,
    show_default=True,
    help="With --sequential: the loss of pass@1, in points, that must be found.",
)
@click.option(
    "--beta",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.1,
    show_default=True,
    help="With --sequential: share of builds with that loss that may pass on the way.",
)
@click.option("--junit", type=FILE, help="Write JUnit XML there.")
@click.option("--summary", type=FILE, help="Append a Markdown summary to this file, such as $GITHUB_STEP_SUMMARY.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@SERVER_URL
@WAIT_SERVER
@click.option("--name", callback=named, help="With --sequential: name of the new run.")
@REQUESTS
@HOW
def gate(run_id: str | None, **options: Any) -> int:
    """Pass or fail RUN: is it worse than REF, or than its reference score, by more than chance?

    Exit code 0 pass, 1 fail, 2 cannot be compared, 3 incomplete. With --sequential a new run on the model
    server asks REF's problems, those that tell most first, and stops when the answer is known; name RUN to go
    on with such a run.
    """  # fmt: skip
    if bool(options["against"]) == options["reference"]:
        raise ConfigError("farm gate holds a run against one thing", remedy="give --against REF or --reference")
    settings, how = load(), how_to_run(options)
    with open_ledger(settings) as ledger:
        if options["is_sequential"]:
            found = _sequential(settings, ledger, run_id, how, options)
        elif run_id is None:
            raise ConfigError("farm gate wants a run", remedy="list them with: farm runs")
        else:
            found = _stored(ledger, run_id, options)
    _tell(found, options)
    if found.outcome == "INCOMPLETE":
        raise RunIncomplete(f"the gate has no answer: {found.why}", remedy=f"finish: farm resume {found.run_id}")
    return found.exit_code


def _stored(ledger: Ledger, run_id: str, options: dict[str, Any]) -> Gate:
    try:
        if options["reference"]:
            return gate_reference(score_run(ledger, run_id), options["alpha"], tt_rule=options["tt_rule"])
        if len(options["against"]) > 1:
            raise ConfigError("several --against are for --sequential")
        pair = (paired_run(ledger, options["against"][0]), paired_run(ledger, run_id))
        return gate_runs(compare_runs(*pair), options["alpha"])
    except ValueError as exc:
        raise ConfigError(str(exc), remedy="look at both with: farm compare") from exc


def _tell(found: Gate, options: dict[str, Any]) -> None:
    if options["junit"] is not None:
        with durable(options["junit"]) as file:
            file.write(as_junit(found).encode())
    if options["summary"] is not None:
        try:
            with options["summary"].open("a", encoding="utf-8") as summary:
                summary.write(as_summary(found))
        except OSError as exc:
            raise ConfigError(f"--summary: cannot write {options['summary']}: {exc.strerror}") from exc
    click.echo(found.model_dump_json(indent=2) if options["as_json"] else as_text(found), nl=options["as_json"])


# --- sequential ---------------------------------------------------------------------------------


def _sequential(
    settings: Settings, ledger: Ledger, run_id: str | None, how: RunOptions, options: dict[str, Any]
) -> Gate:
    if options["reference"]:
        raise ConfigError(
            "a reference score says nothing of single problems", remedy="--sequential needs --against REF"
        )
    runs = options["against"]
    stored = sequential.stored_results(ledger, runs)
    plan = sequential.make_plan(stored, loss=options["loss"] / 100, alpha=options["alpha"], beta=options["beta"])
    _caution(plan, stored)
    source = ledger.run(runs[0]).spec
    if run_id is not None:
        sequential.check_alike(runs[0], source, run_id, ledger.run(run_id).spec)
    if run_id is None or sequential.follow(ledger, run_id, plan).decision is None:
        if source.model is None:
            raise ConfigError(f"run {runs[0]} asked no model", remedy="name an evaluated run")
        urls = ready_servers(settings, source.model, options["server_urls"], options["wait_server"], Terminal()).urls
        if run_id is None:
            run_id = options["name"] or new_run_id(f"gate-{source.model.name}")
            sequential.plan_run(ledger, run_id, runs[0], plan, urls)
            click.echo(f"run {run_id}: up to {len(plan.order)} problems", err=True)
        _drive(settings, ledger, run_id, how.on(urls), plan)
    test = sequential.follow(ledger, run_id, plan)
    write_reports(settings, ledger, run_id, report_directory(settings, run_id, how.out))
    return sequential.answer(run_id, ", ".join(runs), plan, test)


def _drive(settings: Settings, ledger: Ledger, run_id: str, how: RunOptions, plan: SequentialPlan) -> Ended:
    ended = run_to_end(
        settings, ledger, run_id, how, display=Terminal(), retry_unjudged=True, until=_decided(ledger, run_id, plan)
    )
    if sequential.follow(ledger, run_id, plan).decision is None:
        refuse_paused(run_id, ended)
    return ended


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


def _caution(plan: SequentialPlan, stored: dict[str, list[bool]]) -> None:
    if max(map(len, stored.values())) < 2:
        click.echo("caution: one stored sample of each problem tells no order; give REF more samples or runs", err=True)
    if plan.misses > 2 * plan.beta:
        click.echo(
            f"caution: this set is small: a loss of {plan.loss * 100:g} points is missed in up to "
            f"{plan.misses * 100:.0f} % of cases",
            err=True,
        )
