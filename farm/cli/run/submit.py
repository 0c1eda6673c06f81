"""`farm submit`: the whole line with one command."""

from __future__ import annotations

import click

from farm.app import submit as use_case
from farm.app.requests import SubmitRequest
from farm.cli.options.everyday import EverydayCommand
from farm.cli.options.group import gathered
from farm.cli.options.model import ANY_MODEL, BUILD, MODEL, SERVERS, START_SERVER
from farm.cli.options.problems import problems
from farm.cli.options.run import JUDGING, RUN_ID, RUN_OPTIONS, SAMPLING, TASK
from farm.cli.outcome import tell
from farm.cli.run.dry_run import plan_lines
from farm.config import load
from farm.screen.terminal import Terminal

REQUEST = gathered(
    "request",
    SubmitRequest,
    MODEL,
    SERVERS,
    ANY_MODEL,
    click.option("--served-model-name", "served_name", metavar="NAME", help="The server's own name for the model."),
    START_SERVER,
    BUILD,
    problems(required=False),
    click.option("--eval-task", metavar="NAME", help="Run this eval task, also where the model has none."),
    TASK,
    click.option(
        "--protocol", help="Prompt, extraction, sampling, judge; default: tt where a reference has it, else official."
    ),
    SAMPLING,
    click.option(
        "--k", "ks", type=int, multiple=True, help="Report pass@k for this k; repeatable. Default: all usual."
    ),
    JUDGING,
    RUN_ID,
    RUN_OPTIONS,
)


EVERYDAY = (
    "model", "device", "urls", "start_server", "dataset", "limit", "n", "temperature", "max_tokens", "build",
)  # fmt: skip


@click.command(cls=EverydayCommand, everyday=EVERYDAY)
@REQUEST
@click.option("--dry-run", is_flag=True, help="Print the plan, one request and the estimated time; send nothing.")
def submit(request: SubmitRequest, dry_run: bool) -> int:
    """Generate samples with a model, judge them and report pass@k.

    Without FARM_BROKER_URL everything runs on this machine; with it, on the workers of that Redis.
    """
    settings = load()
    if dry_run:
        settings = request.servers.settings(settings)
        prepared = use_case.prepare(settings, request, Terminal(), ask=False)
        for line in plan_lines(settings, prepared, request.options.drive):
            click.echo(line)
        return 0
    return tell(use_case.submit(settings, request, Terminal()))
