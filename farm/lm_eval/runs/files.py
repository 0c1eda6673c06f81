"""lm-eval's files of a run, from its score in the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from farm.errors import RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.reports.exports.lm_eval import sanitized
from farm.reports.write import durable


def write_score(ledger: Ledger, run_id: str, folder: Path) -> tuple[list[str], list[Path]]:
    """lm-eval's figures of a run, a line each and without their errors, and its files, written below `folder`.

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
    task, paths = spec.harness.task, []
    for name, text in sorted(score["files"].items()):
        path = folder / sanitized(spec.model.repo) / Path(name).name
        with durable(path) as file:
            file.write(text.encode())
        paths.append(path)
    figures = sorted(score["figures"].items())
    lines = [f"{task} {name}: {value}" for name, value in figures if "," in name and "_stderr" not in name]
    return lines, paths
