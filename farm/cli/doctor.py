"""`farm doctor`."""

from __future__ import annotations

import click

from farm.config import load


@click.command()
@click.option("--sandbox", "battery", is_flag=True, help="Say each answer of each tier's self-test.")
def doctor(battery: bool) -> int:
    """Say what this host offers: pass, caution or fail, with the remedy. Exit 1 if something fails."""
    from farm.doctor import examine

    worst = 0
    for finding in examine(load(), battery=battery):
        click.echo(f"{finding.level:<8}{finding.what}" + (f"; {finding.remedy}" if finding.remedy else ""))
        worst = max(worst, finding.level == "fail")
    return int(worst)
