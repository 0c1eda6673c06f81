"""What became of a run, on stdout: its report and the files that were written."""

from __future__ import annotations

import sys

import click

from farm.app.conclude import Outcome
from farm.app.suites.run import SuiteOutcome
from farm.reports.suite.sections import headline, sections
from farm.reports.table import show, show_ending, show_sections


def tell(*outcomes: Outcome) -> int:
    """Show all outcomes; the exit code 0, or the error of the first run that has no score."""
    for outcome in outcomes:
        _show(outcome)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return 0


def _show(outcome: Outcome) -> None:
    for line in outcome.lines:
        click.echo(line)
    if outcome.report is not None:
        show(outcome.report, sys.stdout, full=False)
        show_ending(outcome.report, outcome.paths, sys.stdout)
    else:
        for path in outcome.paths:
            click.echo(str(path))


def tell_suite(outcome: SuiteOutcome) -> int:
    """Show the outcome of a suite; the exit code 0 if every task passes, 1 if one fails, or the error."""
    if outcome.report is None:
        return 0
    show_sections(headline(outcome.report), sections(outcome.report), sys.stdout)
    for path in outcome.paths:
        click.echo(str(path))
    if outcome.report.outcome == "INCOMPLETE" and outcome.error is not None:
        raise outcome.error
    return outcome.report.exit_code
