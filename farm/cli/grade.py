"""`farm grade`: judge completions that exist already, through the same queue and sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from farm import protocols
from farm.cli.drive import drive
from farm.cli.home import blob_store, open_ledger
from farm.cli.options import DATASET, HOW, JUDGE, RUN_ID, how_to_run, judge_spec, limits
from farm.config import load
from farm.coordinator.plan import plan_dataset, plan_grading
from farm.datasets.resolve import resolve
from farm.datasets.select import Selection
from farm.ids import new_run_id


@click.command()
@click.option("--dataset", required=True, metavar="NAME|PATH", help="'sample', a JSONL file, or a folder of releases.")
@click.option(
    "--completions",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSONL (or .gz) with question_id, optional index, and output (raw text) or code.",
)
@click.option("--protocol", "protocol_name", default="official", show_default=True, help="How output becomes code.")
@DATASET
@JUDGE
@RUN_ID
@HOW
def grade(completions: Path, **options: Any) -> int:
    """Judge completions that exist already.

    Writes samples.jsonl (a row per completion), report.json and report.md into --out.
    """
    how = how_to_run(options)
    settings = load()
    protocol = protocols.get(options["protocol_name"])
    source = resolve(options["dataset"], release=options["release"])
    with open_ledger(settings) as ledger:
        dataset = plan_dataset(
            source,
            Selection(),
            blob_store(settings),
            tests=options["tests"],
            skip_bad_rows=options["skip_bad_rows"],
            protocol=None,
        )
        run_id = options["run_id"] or new_run_id(f"grade-{completions.name.split('.')[0]}")
        plan_grading(
            ledger,
            run_id,
            dataset,
            completions,
            protocol=protocol,
            judge=judge_spec(protocol, options["judge"], options["all_tests"]),
            limits=limits(options["cpu_limit"], options["memory_limit"]),
        )
        click.echo(f"run {run_id}: grading {completions}", err=True)
        return drive(settings, ledger, run_id, how)
