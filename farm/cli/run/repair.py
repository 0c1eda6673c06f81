"""`farm repair`: ask again for the programs that failed in a run, each with what went wrong."""

from __future__ import annotations

import click

from farm.app import rejudge
from farm.app.requests import RepairRequest
from farm.cli.options.group import gathered
from farm.cli.options.model import SERVERS
from farm.cli.options.run import RUN_ID, RUN_OPTIONS
from farm.cli.options.run_name import RUN
from farm.cli.outcome import tell
from farm.config import load
from farm.screen.terminal import Terminal

REQUEST = gathered(
    "request", RepairRequest, click.argument("source", type=RUN, metavar="RUN"), SERVERS, RUN_ID, RUN_OPTIONS
)  # fmt: skip


@click.command()
@REQUEST
def repair(request: RepairRequest) -> int:
    """Ask the model of RUN to repair its failed programs, as a new run (LiveCodeBench's self-repair).

    What passed is taken over, so the score is that of the model with one repair. RUN itself is not changed.
    """
    return tell(rejudge.repair(load(), request, Terminal()))
