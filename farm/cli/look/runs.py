"""`farm runs`, `farm report` and `farm resume`."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from farm.app import conclude as use_case
from farm.app.home import open_ledger
from farm.app.reports import report_directory, write_reports
from farm.app.requests import ResumeRequest
from farm.app.suites.run import SuiteOutcome, report_suite, resume_suite
from farm.cli.look.watch import progress_text
from farm.cli.options.group import gathered
from farm.cli.options.model import SERVERS
from farm.cli.options.run import RUN_OPTIONS
from farm.cli.options.run_name import RUN
from farm.cli.options.runs import FILTERS, matching
from farm.cli.outcome import tell, tell_suite
from farm.config import load
from farm.errors import RunIncomplete
from farm.ledger.counts import RunCounts, run_counts
from farm.ledger.ledger import RunRow
from farm.records import UNSANDBOXED_LABEL, Verdict
from farm.reports.as_json import as_json
from farm.reports.section import percent
from farm.reports.sections import way_to_finish
from farm.reports.table import show, show_ending
from farm.screen.terminal import Terminal


@click.group(invoke_without_command=True)
@FILTERS
@click.pass_context
def runs(context: click.Context, /, **filters: str | None) -> None:
    """List the runs in the ledger, oldest first, how far each is and what it scored. `farm runs rm` removes some."""
    if context.invoked_subcommand is not None:
        return
    with open_ledger(load()) as ledger:
        rows, counts = matching(ledger.runs(), **filters), run_counts(ledger)
    if not rows:
        some = any(value is not None for value in filters.values())
        click.echo("no run matches" if some else "no runs yet; start one with: farm submit")
        return
    shown = [_row(row, counts.get(row.run_id, RunCounts())) for row in rows]
    widths = [max(len(row[column]) for row in (RUN_COLUMNS, *shown)) for column in range(len(RUN_COLUMNS))]
    for number, cells in enumerate((RUN_COLUMNS, *shown)):
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        if number:
            padded[-1] = click.style(cells[-1], fg=STATE_COLOURS.get(cells[-1]))
        click.echo("  ".join(padded).rstrip())


RUN_COLUMNS = ("run", "planned", "model", "device", "protocol", "dataset", "done", "pass@1", "state")
STATE_COLOURS = {
    "complete": "green",
    "incomplete": "red",
    "paused": "yellow",
    "interrupted": "yellow",
    "running": "cyan",
}


def _row(row: RunRow, counts: RunCounts) -> tuple[str, ...]:
    spec = row.spec
    when = datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%d %H:%M")
    name, device = (spec.model.name, spec.model.device) if spec.model else ("-", "-")
    done = progress_text(counts, generates=spec.generates, judges=spec.judged)
    whole = 0 < counts.planned == counts.judged and not counts.verdicts.get(UNSANDBOXED_LABEL)
    score = percent(counts.verdicts.get(Verdict.PASSED.value, 0) / counts.planned) if whole else "-"
    return row.run_id, when, name, device, spec.protocol, spec.dataset.name, done, score, row.state


@runs.command(name="rm")
@click.argument("names", type=RUN, nargs=-1, required=True, metavar="RUN [RUN...]")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(names: tuple[str, ...], yes: bool) -> None:
    """Remove runs from the ledger, with the reports that farm keeps of them. One that is being driven is refused."""
    settings = load()
    with open_ledger(settings) as ledger:
        for run_id in dict.fromkeys(names):
            ledger.run(run_id)
            if not yes:
                click.confirm(f"remove run {run_id} and all that was recorded of it?", abort=True, err=True)
            ledger.remove(run_id)
            shutil.rmtree(report_directory(settings, run_id, None), ignore_errors=True)
            click.echo(f"run {run_id} is removed")


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the report's files.")
@click.option("--json", "as_json_", is_flag=True, help="Print the report as JSON instead of a table.")
@click.option("--full", is_flag=True, help="All tables: also platforms, months, work and provenance.")
def report(run_id: str, out: Path | None, as_json_: bool, full: bool) -> int:
    """Print the report of a run or a suite and write it as JSON, Markdown and HTML.

    Exit code 3 if it is INCOMPLETE.
    """
    settings = load()
    suite = report_suite(settings, run_id, out)
    if suite is not None:
        return _suite(suite, as_json_)
    with open_ledger(settings) as ledger:
        spec = ledger.run(run_id).spec
        if not spec.judged:
            return tell(use_case.unjudged(ledger, run_id, report_directory(settings, run_id, out)))
        result, paths = write_reports(settings, ledger, run_id, report_directory(settings, run_id, out))
    if as_json_:
        click.echo(as_json(result), nl=False)
    else:
        show(result, sys.stdout, full=full)
        show_ending(result, paths, sys.stdout)
    if result.complete:
        return 0
    state = "is being driven" if result.telemetry.running else "is INCOMPLETE"
    raise RunIncomplete(f"run {run_id} {state}", remedy=way_to_finish(result))


def _suite(outcome: SuiteOutcome, as_json_: bool) -> int:
    if not as_json_ or outcome.report is None:
        return tell_suite(outcome)
    click.echo(outcome.report.model_dump_json(indent=2))
    return outcome.report.exit_code


RESUME = gathered("request", ResumeRequest, click.argument("run_id", type=RUN, metavar="RUN"), SERVERS, RUN_OPTIONS)


@click.command()
@RESUME
def resume(request: ResumeRequest) -> int:
    """Continue a run or a suite: nothing that was recorded is generated or executed again.

    Samples that were given up are tried once more. The model server may have moved: see --server-url.
    """
    settings = load()
    suite = resume_suite(settings, request, Terminal())
    return tell(use_case.resume(settings, request, Terminal())) if suite is None else tell_suite(suite)
