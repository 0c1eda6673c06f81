"""The files of lm-eval that a run has: written once, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from farm.reports.write import durable


def write_scored(folder: Path, run_id: str, files: Mapping[str, str]) -> list[Path]:
    """Write lm-eval's files, name -> text, in place of those of an earlier scoring of the same run; the paths."""
    paths = []
    for name, text in sorted(files.items()):
        path = folder / Path(name).name
        with durable(path) as file:
            file.write(text.encode())
        paths.append(path)
    # Their names hold the time, and who reads the folder takes the first that it finds
    for old in sorted(folder.glob("results_*.json"))[:-1]:  # never the newest, if two score at the same time
        if _loaded(old).get("config", {}).get("farm_runs") == [run_id]:
            for part in _of_one_scoring(old):
                part.unlink()
    return paths


def show_figures(task: str, figures: Mapping[str, Any]) -> None:
    """lm-eval's figures of a task, a line each, without their errors."""
    for name, value in sorted(figures.items()):
        if "," in name and "_stderr" not in name:
            click.echo(f"{task} {name}: {value}")


def show_scored(folder: Path, run_id: str, task: str) -> None:
    """The figures in a run's folder of lm-eval's files, and the paths of these; or what to type if there are none."""
    found = [path for path in folder.rglob("results_*.json") if _loaded(path)["config"].get("farm_runs") == [run_id]]
    if not found:
        click.echo(f"no score is in {folder}; have its answers scored: farm resume {run_id}")
    for path in found:
        show_figures(task, _loaded(path)["results"][task])
        for part in _of_one_scoring(path):
            click.echo(str(part))


def _of_one_scoring(results: Path) -> list[Path]:
    return sorted(results.parent.glob(f"*_{results.stem.removeprefix('results_')}.json*"))


def _loaded(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
