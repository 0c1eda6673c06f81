"""`farm export` and `farm import`: runs as other tools' files, and theirs as runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from farm.app.home import blob_store, datasets_folder, open_ledger
from farm.cli.conclude import drive
from farm.cli.options.catalogue import open_catalogue
from farm.cli.options.problems import DATASET, NAME_OR_PATH, plan_problems, selection
from farm.cli.options.run import CACHE, HOW, JUDGE, RUN_ID, how_to_run, judge_spec, limits
from farm.config import Settings, load
from farm.datasets.foreign import as_completions
from farm.datasets.resolve import resolve
from farm.errors import CatalogueError
from farm.ids import new_run_id
from farm.planning.plan import plan_grading
from farm.protocols import get
from farm.records import RunSpec, default_limits
from farm.results.exporting import FORMATS, Export


@click.command()
@click.argument("run_id")
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
        return open_catalogue(settings).spec(spec.model.name, spec.model.device, engine=spec.model.engine).model_id
    except CatalogueError:
        return ""


@click.command(name="import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dataset", required=True, metavar="NAME|PATH", help=NAME_OR_PATH)
@click.option("--protocol", "protocol_name", default="official", show_default=True, help="How output becomes code.")
@DATASET
@JUDGE
@CACHE
@RUN_ID
@HOW
def import_(source: Path, **options: Any) -> int:
    """Take another tool's output as a run and judge it: to inspect and compare like any other.

    SOURCE is LiveCodeBench's output or evaluation JSON, or a samples_*.jsonl of lm-eval. What the other
    tool extracted is judged where it says so; its own verdicts are not believed.
    """
    how = how_to_run(options)
    settings = load()
    protocol = get(options["protocol_name"])
    dataset_source = resolve(options["dataset"], release=options["release"], pulled=datasets_folder(settings))
    wanted = selection(options)
    judge = judge_spec(protocol, options["judge"], options["all_tests"], options["program_runtime"])
    with open_ledger(settings) as ledger, as_completions(source) as completions:
        dataset = plan_problems(dataset_source, wanted, blob_store(settings), None, options)
        run_id = options["run_id"] or new_run_id(f"import-{source.name.split('.')[0]}")
        limited = limits(options["cpu_limit"], options["memory_limit"], default_limits(judge))
        _, left_out = plan_grading(
            ledger, run_id, dataset, completions, protocol=protocol, judge=judge, limits=limited,
            cache=not options["no_cache"],
        )  # fmt: skip
        if left_out:
            click.echo(f"left out {left_out} completions of problems that are not in this run", err=True)
        click.echo(f"run {run_id}: judging {source}", err=True)
        return drive(settings, ledger, run_id, how)
