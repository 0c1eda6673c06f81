"""`farm runs`, `farm report` and `farm resume`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from farm.app import conclude as use_case
from farm.app.home import open_ledger
from farm.app.reports import report_directory, write_reports
from farm.app.requests import ResumeRequest
from farm.cli.look.watch import progress_text
from farm.cli.options.group import gathered
from farm.cli.options.model import SERVERS
from farm.cli.options.run import RUN_OPTIONS
from farm.cli.options.runs import FILTERS, matching
from farm.cli.outcome import tell
from farm.config import load
from farm.errors import RunIncomplete
from farm.ledger.counts import RunCounts, run_counts
from farm.reports.as_json import as_json
from farm.reports.sections import way_to_finish
from farm.reports.table import show
from farm.screen.terminal import Terminal


@click.command()
@FILTERS
def runs(**filters: str | None) -> None:
    """List the runs in the ledger, oldest first, and how far each is."""
    with open_ledger(load()) as ledger:
        rows, counts = matching(ledger.runs(), **filters), run_counts(ledger)
    if not rows:
        some = any(value is not None for value in filters.values())
        click.echo("no run matches" if some else "no runs yet; start one with: farm submit")
    for row in rows:
        when = datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%d %H:%M")
        what = row.spec.model.name if row.spec.model else "grade"
        state = f"{row.state} ({row.reason})" if row.reason else row.state
        done = progress_text(counts.get(row.run_id, RunCounts()), generates=row.spec.generates, judges=row.spec.judged)
        click.echo(f"{row.run_id}  {when}  {what}  {row.spec.protocol}  {row.spec.dataset.name}  {done}  {state}")


@click.command()
@click.argument("run_id")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the report's files.")
@click.option("--json", "as_json_", is_flag=True, help="Print the report as JSON instead of a table.")
def report(run_id: str, out: Path | None, as_json_: bool) -> int:
    """Print the report of a run and write it as JSON and Markdown.

    Exit code 3 if it is INCOMPLETE.
    """
    settings = load()
    with open_ledger(settings) as ledger:
        spec = ledger.run(run_id).spec
        if not spec.judged:
            return tell(use_case.unjudged(ledger, run_id, report_directory(settings, run_id, out)))
        result, paths = write_reports(settings, ledger, run_id, report_directory(settings, run_id, out))
    if as_json_:
        click.echo(as_json(result), nl=False)
    else:
        show(result, sys.stdout)
        for path in paths:
            click.echo(str(path))
    if result.complete:
        return 0
    state = "is being driven" if result.telemetry.running else "is INCOMPLETE"
    raise RunIncomplete(f"run {run_id} {state}", remedy=way_to_finish(result))


RESUME = gathered("request", ResumeRequest, click.argument("run_id"), SERVERS, RUN_OPTIONS)


@click.command()
@RESUME
def resume(request: ResumeRequest) -> int:
    """Continue a run: nothing that was recorded is generated or executed again.

    Samples that were given up are tried once more. The model server may have moved: see --server-url.
    """
    return tell(use_case.resume(load(), request, Terminal()))
