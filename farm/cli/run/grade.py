"""`farm grade`: judge completions that exist already, through the same queue and sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from farm import protocols
from farm.app.home import blob_store, datasets_folder, open_ledger
from farm.cli.conclude import drive
from farm.cli.options.problems import DATASET, NAME_OR_PATH, plan_problems, selection
from farm.cli.options.run import CACHE, HOW, JUDGE, RUN_ID, how_to_run, judge_spec, limits
from farm.config import load
from farm.datasets.resolve import resolve
from farm.ids import new_run_id
from farm.planning.plan import plan_grading
from farm.records import default_limits


@click.command()
@click.option("--dataset", required=True, metavar="NAME|PATH", help=NAME_OR_PATH)
@click.option(
    "--completions",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSONL (or .gz) with question_id, optional index, and output (raw text) or code.",
)
@click.option("--protocol", "protocol_name", default="official", show_default=True, help="How output becomes code.")
@DATASET
@JUDGE
@CACHE
@RUN_ID
@HOW
def grade(completions: Path, **options: Any) -> int:
    """Judge completions that exist already.

    Writes samples.jsonl (a row per completion), report.json and report.md into --out.
    """
    how = how_to_run(options)
    settings = load()
    protocol = protocols.get(options["protocol_name"])
    source = resolve(options["dataset"], release=options["release"], pulled=datasets_folder(settings))
    wanted = selection(options)
    judge = judge_spec(protocol, options["judge"], options["all_tests"], options["program_runtime"])
    with open_ledger(settings) as ledger:
        dataset = plan_problems(source, wanted, blob_store(settings), None, options)
        run_id = options["run_id"] or new_run_id(f"grade-{completions.name.split('.')[0]}")
        _, left_out = plan_grading(
            ledger,
            run_id,
            dataset,
            completions,
            protocol=protocol,
            judge=judge,
            limits=limits(options["cpu_limit"], options["memory_limit"], default_limits(judge)),
            cache=not options["no_cache"],
        )
        if left_out:
            click.echo(f"left out {left_out} completions of problems that are not in this run", err=True)
        click.echo(f"run {run_id}: grading {completions}", err=True)
        return drive(settings, ledger, run_id, how)
