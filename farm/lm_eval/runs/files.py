"""lm-eval's files of a run, from its score in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from farm.errors import RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.reports.exports.lm_eval import sanitized
from farm.reports.write import durable


def report_score(ledger: Ledger, run_id: str, folder: Path) -> None:
    """Say lm-eval's figures on stdout, write its files below `folder`, and say their paths.

    The names of the files hold the time of the scoring, so writing them again replaces them.
    Raises RunIncomplete if the run is not scored yet.
    """
    spec = ledger.run(run_id).spec
    assert spec.harness is not None and spec.model is not None
    stored = history.score(ledger, run_id)
    if stored is None:
        raise RunIncomplete(
            f"run {run_id} has no score yet", remedy=f"have its answers scored with: farm resume {run_id}"
        )
    score: dict[str, Any] = json.loads(stored)
    _show_figures(spec.harness.task, score["figures"])
    for name, text in sorted(score["files"].items()):
        path = folder / sanitized(spec.model.repo) / Path(name).name
        with durable(path) as file:
            file.write(text.encode())
        click.echo(str(path))


def _show_figures(task: str, figures: Mapping[str, Any]) -> None:
    """A line each, without their errors."""
    for name, value in sorted(figures.items()):
        if "," in name and "_stderr" not in name:
            click.echo(f"{task} {name}: {value}")
