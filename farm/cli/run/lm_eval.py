"""`farm lm-eval`: lm-evaluation-harness with farm's model and tasks."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path

import click

from farm.config import load
from farm.environments.known import DEFAULT, KNOWN
from farm.environments.store import environments
from farm.errors import ConfigError

SHIM = "farm.lm_eval.plugin.shim"


@click.command(
    name="lm-eval",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lm_eval(arguments: tuple[str, ...]) -> None:
    """Run lm-eval with `--model farm` known; all arguments are lm-eval's own.

    `farm lm-eval path` prints the folder of farm's tasks, for --include_path.
    """
    if arguments == ("path",):
        click.echo(str(tasks_folder()))
        return
    sys.stdout.flush()
    python = interpreter()
    os.execv(python, [python, "-P", "-m", SHIM, *arguments])  # noqa: S606 - no shell; it becomes lm-eval


def tasks_folder() -> Path:
    """The tasks that farm ships."""
    return Path(str(files("farm.lm_eval") / "tasks"))


def interpreter() -> str:
    """A Python that has lm-eval: this one, or that of the environment EVALS. ConfigError if there is none."""
    found = environments(load()).interpreter(KNOWN[DEFAULT])
    if found is not None:
        return found
    raise ConfigError("lm-eval is not installed", remedy="farm env create EVALS, or pip install 'farm-eval[lm-eval]'")
