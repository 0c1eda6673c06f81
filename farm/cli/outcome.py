"""What became of a run, on stdout: its report and the files that were written."""

from __future__ import annotations

import sys

import click

from farm.app.conclude import Outcome
from farm.reports.table import show, show_ending


def tell(outcome: Outcome) -> int:
    """Show the outcome; the exit code 0, or the error that says why the run has no score."""
    for line in outcome.lines:
        click.echo(line)
    if outcome.report is not None:
        show(outcome.report, sys.stdout, full=False)
        show_ending(outcome.report, outcome.paths, sys.stdout)
    else:
        for path in outcome.paths:
            click.echo(str(path))
    if outcome.error is not None:
        raise outcome.error
    return 0
