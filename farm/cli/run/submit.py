"""`farm submit`: the whole line with one command."""

from __future__ import annotations

from collections.abc import Iterator

import click

from farm.app import submit as use_case
from farm.app.requests import SubmitRequest
from farm.app.suites import run as suites
from farm.cli.options.everyday import EverydayCommand
from farm.cli.options.group import gathered
from farm.cli.options.model import ANY_MODEL, BUILD, MODEL, SERVERS, START_SERVER
from farm.cli.options.problems import problems
from farm.cli.options.run import JUDGING, RUN_ID, RUN_OPTIONS, SAMPLING, SUITE, TASK
from farm.cli.outcome import tell, tell_suite
from farm.cli.run.dry_run import plan_lines
from farm.config import Settings, load
from farm.errors import EnvironmentMissing
from farm.screen.terminal import Terminal
from farm.text import one_line

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
    SUITE,
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
@click.option(
    "--dry-run", is_flag=True, help="Print the plan, one request and the estimated time; send and install nothing."
)
def submit(request: SubmitRequest, dry_run: bool) -> int:
    """Generate samples with a model, judge them and report pass@k.

    Without FARM_BROKER_URL everything runs on this machine; with it, on the workers of that Redis.
    """
    settings, several = load(), suites.is_suite(request)
    if dry_run and several:
        return _told(suites.suite_lines(settings, request, Terminal()))
    if several:
        return tell_suite(suites.submit_suite(settings, request, Terminal()))
    if dry_run:
        return _told(_lines(settings, request))
    return tell(use_case.submit(settings, request, Terminal()))


def _lines(settings: Settings, request: SubmitRequest) -> Iterator[str]:
    settings = request.servers.settings(settings)
    prepared = use_case.prepare(settings, request, Terminal(), ask=False)
    yield from plan_lines(settings, prepared, request.options.drive)


def _told(lines: Iterator[str]) -> int:
    """Print what a run would be, as far as that can be known without installing anything."""
    try:
        for line in lines:
            click.echo(line)
    except EnvironmentMissing as exc:
        click.echo(f"dry run: nothing is sent, installed or recorded\n{one_line(str(exc), 1000)}")
    return 0
