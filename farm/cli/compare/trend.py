"""`farm trend`: one model on one device over its builds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from farm.app.home import open_ledger
from farm.cli.options.runs import FILTERS, matching
from farm.config import load
from farm.errors import ConfigError
from farm.reports.table import show_sections
from farm.reports.trending import page, section
from farm.reports.write import durable
from farm.results.scores import scored_runs
from farm.scoring.trend import trends


@click.command()
@FILTERS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page with a plot."
)
def trend(as_json: bool, html: Path | None, **filters: str | None) -> int:
    """Show pass@1 over builds: a line for each model, device and measurement, runs of one build as one figure.

    Complete runs only. Runs of an unknown build are not averaged: name it with --build and --label.
    """
    with open_ledger(load()) as ledger:
        found = trends(scored_runs(ledger, matching(ledger.runs(), **filters)))
    if not found:
        raise ConfigError("no complete run of a model matches", remedy="list them with: farm runs")
    if html is not None:
        with durable(html) as file:
            file.write(page(found).encode())
        click.echo(str(html), err=True)
    if as_json:
        click.echo(json.dumps([line.model_dump(mode="json") for line in found], indent=2))
    else:
        show_sections("pass@1 over builds", [section(line) for line in found], sys.stdout)
    return 0
