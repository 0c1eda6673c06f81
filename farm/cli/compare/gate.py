"""`farm gate`: one exit code for CI, from two stored runs, a reference score, or as few problems as it takes."""

from __future__ import annotations

from pathlib import Path

import click

from farm.app import gate as use_case
from farm.app.requests import GateRequest
from farm.cli.options.group import gathered
from farm.cli.options.model import SERVERS
from farm.cli.options.run import RUN_OPTIONS, checked_run_id
from farm.cli.options.run_name import RUN
from farm.config import load
from farm.errors import ConfigError, RunIncomplete
from farm.reports.gating import as_junit, as_summary, as_text
from farm.reports.write import durable
from farm.scoring.gate import Gate
from farm.screen.terminal import Terminal

FILE = click.Path(dir_okay=False, path_type=Path)

REQUEST = gathered(
    "request",
    GateRequest,
    click.argument("run_id", type=RUN, required=False, metavar="[RUN]"),
    click.option(
        "--against",
        type=RUN,
        multiple=True,
        metavar="REF",
        help="A stored run to hold RUN against; --sequential: repeatable.",
    ),
    click.option("--reference", is_flag=True, help="Hold RUN against the reference score of its eval task."),
    click.option(
        "--tt-rule", is_flag=True, help="With --reference: tt-inference-server's accuracy check, noise or not."
    ),
    click.option("--allow-subset", is_flag=True, help="Answer although RUN lacks problems of what it is held against."),
    click.option("--sequential", is_flag=True, help="Ask REF's problems again, as few as it takes."),
    click.option(
        "--alpha",
        type=click.FloatRange(0, 0.5, min_open=True),
        default=0.05,
        show_default=True,
        help="Share of equal models that may fail.",
    ),
    click.option(
        "--loss",
        type=click.FloatRange(0, 100, min_open=True),
        default=5.0,
        show_default=True,
        help="With --sequential: the loss of pass@1, in points, that must be found.",
    ),
    click.option(
        "--beta",
        type=click.FloatRange(0, 0.5, min_open=True),
        default=0.1,
        show_default=True,
        help="With --sequential: share of builds with that loss that may pass on the way.",
    ),
    SERVERS,
    click.option("--name", callback=checked_run_id, help="With --sequential: name of the new run."),
    RUN_OPTIONS,
)


@click.command()
@REQUEST
@click.option("--junit", type=FILE, help="Write JUnit XML there.")
@click.option("--summary", type=FILE, help="Append a Markdown summary to this file, such as $GITHUB_STEP_SUMMARY.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def gate(request: GateRequest, junit: Path | None, summary: Path | None, as_json: bool) -> int:
    """Pass or fail RUN: is it worse than REF, or than its reference score, by more than chance?

    Exit code 0 pass, 1 fail, 2 cannot be compared, 3 no answer: samples are unjudged, RUN lacks problems
    of REF, or a run holds no program at all. With --sequential a new run on the model
    server asks REF's problems, those that tell most first, and stops when the answer is known; name RUN to go
    on with such a run.
    """
    found = use_case.gate(load(), request, Terminal())
    _write(found, junit, summary)
    click.echo(found.model_dump_json(indent=2) if as_json else as_text(found), nl=as_json)
    if found.outcome == "INCOMPLETE":
        remedy = found.remedy or f"finish: farm resume {found.run_id}"
        raise RunIncomplete(f"the gate has no answer: {found.why}", remedy=remedy)
    return found.exit_code


def _write(found: Gate, junit: Path | None, summary: Path | None) -> None:
    if junit is not None:
        with durable(junit) as file:
            file.write(as_junit(found).encode())
    if summary is not None:
        try:
            with summary.open("a", encoding="utf-8") as text:
                text.write(as_summary(found))
        except OSError as exc:
            raise ConfigError(f"--summary: cannot write {summary}: {exc.strerror}") from exc
