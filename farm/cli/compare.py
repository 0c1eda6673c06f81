"""`farm compare`: two runs problem by problem, or several as repeats of one measurement."""

from __future__ import annotations

import json
import sys

import click

from farm.cli.home import open_ledger
from farm.config import load
from farm.coordinator.comparing import paired_run, runs_as_repeats
from farm.errors import ConfigError, RunIncomplete
from farm.reports.comparing import repeats_section
from farm.reports.table import show_comparison, show_sections
from farm.scoring.differences import differences
from farm.scoring.paired import PairedRun, compare_runs


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN...]")
@click.option("--repeats", "as_repeats", is_flag=True, help="Take the runs as repeats: mean, deviation and flip rate.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of tables.")
def compare(runs: tuple[str, ...], as_repeats: bool, as_json: bool) -> int:
    """Compare the second run with the first, problem by problem: what was not equal, the test, the flips.

    Three runs or more are taken as repeats. Exit code 3 while a common problem is not judged on both sides.
    """
    if len(runs) < 2 or len(set(runs)) != len(runs):
        raise ConfigError("farm compare wants two different runs or more", remedy="list them with: farm runs")
    with open_ledger(load()) as ledger:
        paired = [paired_run(ledger, run_id) for run_id in runs]
    if as_repeats or len(runs) > 2:
        return _repeats(paired, as_json)
    try:
        comparison = compare_runs(*paired)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
    if as_json:
        click.echo(json.dumps(comparison.model_dump(mode="json"), indent=2, sort_keys=True))
    else:
        show_comparison(comparison, sys.stdout)
    if comparison.status == "INCOMPLETE":
        raise RunIncomplete(
            f"{comparison.unjudged} common problems are not judged on both sides", remedy="finish: farm resume RUN"
        )
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
