"""`farm regrade`: judge the stored completions of a run again, by other rules and without a model server."""

from __future__ import annotations

import click

from farm.app import rejudge
from farm.app.requests import RegradeRequest
from farm.cli.options.group import gathered
from farm.cli.options.run import JUDGE_OPTIONS, JUDGING, RUN_ID
from farm.cli.options.run_name import RUN
from farm.cli.outcome import tell
from farm.config import load
from farm.screen.terminal import Terminal

REQUEST = gathered(
    "request",
    RegradeRequest,
    click.argument("source", type=RUN, metavar="RUN"),
    click.option("--protocol", help="How completions become programs and are judged; default: RUN's."),
    JUDGING,
    RUN_ID,
    JUDGE_OPTIONS,
)


@click.command()
@REQUEST
def regrade(request: RegradeRequest) -> int:
    """Judge the stored completions of RUN again, as a new run.

    What is not given stays as it was in RUN; a protocol brings its own judge. RUN itself is not changed,
    and neither its dataset's file nor a model server is needed.
    """
    return tell(rejudge.regrade(load(), request, Terminal()))
