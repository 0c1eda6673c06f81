"""lm-eval's files of a run, from its score in the ledger, and that score compared with those of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.errors import RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import Reference, RunSpec
from farm.reports.exports.lm_eval import sanitized
from farm.reports.write import durable, path_part
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.harness.score import check, score_of


@dataclass(frozen=True, slots=True)
class HarnessScore:
    """What lm-eval made of a run's answers. `score` is in percent; None if the task does not say which figure it is."""

    task: str
    figures: dict[str, Any]  # by lm-eval's key, such as `exact_match,none`: shares of one, with their errors
    files: dict[str, str]  # by name
    score: float | None
    check: AccuracyCheck
    decided_by: Reference | None


def harness_score(ledger: Ledger, run_id: str) -> HarnessScore:
    """The score of a run that lm-eval scores. RunIncomplete if it is not scored yet."""
    spec = ledger.run(run_id).spec
    assert spec.harness is not None
    stored = history.score(ledger, run_id)
    if stored is None:
        raise RunIncomplete(
            f"run {run_id} has no score yet", remedy=f"have its answers scored with: farm resume {run_id}"
        )
    value: dict[str, Any] = json.loads(stored)
    task, figures = spec.harness.task, value["figures"]
    score = score_of(task, spec.harness.result_keys, spec.harness.score_func, {task: figures})
    answer, decided_by = check(score, spec.references, spec.tolerance, spec.dataset.problems)
    return HarnessScore(task, figures, value["files"], score, answer, decided_by)


def write_score(ledger: Ledger, run_id: str, folder: Path) -> tuple[list[str], list[Path]]:
    """lm-eval's figures of a run, a line each and without their errors, and its files, written below `folder`.

    The names of the files hold the time of the scoring, so writing them again replaces them.
    Raises RunIncomplete if the run is not scored yet.
    """
    spec = ledger.run(run_id).spec
    assert spec.model is not None
    score = harness_score(ledger, run_id)
    paths = []
    for name, text in sorted(score.files.items()):
        path = folder / path_part(sanitized(spec.model.repo), "the model's name") / Path(name).name
        with durable(path) as file:
            file.write(text.encode())
        paths.append(path)
    figures = sorted(score.figures.items())
    lines = [f"{score.task} {name}: {value}" for name, value in figures if "," in name and "_stderr" not in name]
    return [*lines, *_compared(spec, score)], paths


def _compared(spec: RunSpec, score: HarnessScore) -> Iterator[str]:
    """The score compared with those of others, and tt-inference-server's check of it."""
    if spec.references and score.score is None:
        yield f"score: unknown, lm-eval gave no {', '.join(spec.harness.result_keys) if spec.harness else ''}"
        return
    for ref in spec.references:
        label = ref.label.replace("_", " ")
        place = f"{ref.score:g} ({ref.source})"
        if ref.unlike:
            yield f"{label}: {place}, not compared: it was measured with {', '.join(ref.unlike)}"
        elif ref is score.decided_by:
            yield f"{label}: {place}; score {score.score:.2f}, accuracy check {score.check.name}"
        else:
            yield f"{label}: {place}; score {score.score:.2f}"
