"""`farm compare`: two runs problem by problem, or several as repeats of one measurement."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from farm.app.home import open_ledger
from farm.app.reports import report_directory
from farm.cli.options.run_name import RUN
from farm.config import load
from farm.errors import ConfigError, RunIncomplete
from farm.reports.comparing import repeats_section
from farm.reports.html.comparison import comparison_page
from farm.reports.table import show_comparison, show_sections
from farm.reports.write import durable
from farm.results.comparing import paired_run, runs_as_repeats
from farm.scoring.differences import differences
from farm.scoring.paired import PairedRun, compare_runs


@click.command()
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN RUN [RUN...]")
@click.option("--repeats", "as_repeats", is_flag=True, help="Take the runs as repeats: mean, deviation and flip rate.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of tables; a list for three runs or more.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write a page too, whose flips lead to the runs' reports.",
)  # fmt: skip
def compare(runs: tuple[str, ...], as_repeats: bool, as_json: bool, html: Path | None) -> int:
    """Compare each further run with the first, problem by problem: what was not equal, the test, the flips.

    Exit code 3 while a common problem is not judged on both sides.
    """
    if len(runs) < 2:
        raise ConfigError("farm compare wants two runs or more", remedy="list them with: farm runs")
    settings = load()
    with open_ledger(settings) as ledger:
        paired = [paired_run(ledger, run_id) for run_id in runs]
    if as_repeats:
        return _repeats(paired, as_json)
    try:
        comparisons = [compare_runs(paired[0], other) for other in paired[1:]]
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    if as_json:
        values = [comparison.model_dump(mode="json") for comparison in comparisons]
        click.echo(json.dumps(values if len(values) > 1 else values[0], indent=2, sort_keys=True))
    else:
        for number, comparison in enumerate(comparisons):
            click.echo("\n" if number else "", nl=False)
            show_comparison(comparison, sys.stdout)
        if any(comparison.better_a or comparison.better_b for comparison in comparisons):
            click.echo(f"look at a flip: farm inspect {runs[0]} PROBLEM, and the same of the other run")
        if len(comparisons) > 1:
            click.echo(f"caution: of {len(comparisons)} tests at 5 % one may be significant by chance", err=True)
    if html is not None:
        pages = {run_id: report_directory(settings, run_id, None) / "report.html" for run_id in runs}
        with durable(html) as file:
            file.write(
                comparison_page(comparisons, {run: page for run, page in pages.items() if page.exists()}).encode()
            )
        click.echo(str(html), err=True)
    if lacking := sum(comparison.unjudged for comparison in comparisons):
        raise RunIncomplete(f"{lacking} common problems are not judged on both sides", remedy="finish: farm resume RUN")
    return 0


def _repeats(runs: list[PairedRun], as_json: bool) -> int:
    first = runs[0]
    unequal = [
        f"{run.run_id} differs from {first.run_id} in {found.what}: {found.b}, not {found.a}"
        for run in runs[1:]
        for found in differences(first.spec, first.versions, run.spec, run.versions)
        if found.measurement
    ]
    found = runs_as_repeats(runs)
    for text in unequal:
        click.echo(f"caution: NOT THE SAME MEASUREMENT: {text}", err=True)
    if as_json:
        value = {"runs": [run.run_id for run in runs], "unequal": unequal, **found.model_dump(mode="json")}
        click.echo(json.dumps(value, indent=2, sort_keys=True))
    else:
        names = [run.run_id for run in runs]
        show_sections(f"{len(runs)} runs as repeats", [repeats_section(found, names)], sys.stdout)
    return 0
