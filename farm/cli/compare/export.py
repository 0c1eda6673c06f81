"""`farm export` and `farm import`: runs as other tools' files, and theirs as runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from farm.app.catalogue import open_catalogue
from farm.app.grade import grade, import_trials
from farm.app.home import blob_store, open_ledger
from farm.app.requests import GradeRequest
from farm.cli.options.group import gathered
from farm.cli.options.model import ANSWERED_BY
from farm.cli.options.problems import problems
from farm.cli.options.run import JUDGE_OPTIONS, JUDGING, RUN_ID
from farm.cli.options.run_name import RUN
from farm.cli.outcome import tell
from farm.cli.run.grade import PROTOCOL
from farm.config import Settings, load
from farm.datasets.harbor import is_harbor
from farm.errors import CatalogueError
from farm.records import RunSpec
from farm.results.exporting import FORMATS, Export
from farm.screen.terminal import Terminal


@click.command()
@click.argument("run_id", type=RUN, metavar="RUN")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True, help="Whose files.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write into.")
@click.option("--model-id", default="", help="tt, tt-seed: its name of model and device; default: the catalogue's.")
def export(run_id: str, form: str, out: Path, model_id: str) -> int:
    """Write a run as the files of another tool; prints their paths.

    lm-eval: results and samples. tt, tt-seed: report data of tt-inference-server, today's and its first
    form; --out is its workflow_logs folder. livecodebench: its three JSON files. inspect: a log. csv and
    parquet: a row a sample. No format but livecodebench's output holds hidden tests, and that none either.
    """
    settings = load()
    with open_ledger(settings) as ledger:
        spec = ledger.run(run_id).spec
        given = model_id or _model_id(settings, spec)
        for path in Export(ledger, run_id, blob_store(settings).get, out, given).write(form):
            click.echo(str(path))
    return 0


def _model_id(settings: Settings, spec: RunSpec) -> str:
    if spec.model is None:
        return ""
    try:
        model = spec.model
        return open_catalogue(settings).spec(model.name, model.device, engine=model.engine, force=True).model_id
    except CatalogueError:
        return ""


IMPORT = gathered(
    "request",
    partial(GradeRequest, foreign=True),
    click.argument("completions", metavar="SOURCE", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    problems(required=False),
    ANSWERED_BY,
    PROTOCOL,
    JUDGING,
    RUN_ID,
    JUDGE_OPTIONS,
)


@click.command(name="import")
@IMPORT
def import_(request: GradeRequest) -> int:
    """Take another tool's output as a run and judge it: to inspect and compare like any other.

    SOURCE is any file that farm grade takes, with --dataset. Answers are kept.
    Without --protocol, programs that the other tool extracted are judged as they are, and the report says so.
    Its own verdicts are not believed: the report has its score, ours, and the problems that differ.

    The result.json of a job of harbor (Terminal-Bench, SWE-bench) is taken with the rewards of its trials, since farm
    cannot judge them again; pass@k is computed from them.
    """
    if not is_harbor(request.completions):
        return tell(grade(load(), request, Terminal()))
    return tell(*import_trials(load(), request, Terminal()))
