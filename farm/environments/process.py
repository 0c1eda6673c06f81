"""Runs lm-eval's part of a task in a process of an evaluation environment, without secrets and with a time limit."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from farm.config import child_environment, plain_environment
from farm.errors import ConfigError, FarmError
from farm.processes import die_with_parent
from farm.text import one_line

MODULE = "farm.environments.lm_eval_process"
REFUSED = 2  # its exit code for what the task or this lm-eval cannot do
NLTK_DATA = "nltk_data"
PLAN_S, SCORE_S = 3600.0, 3600.0

_ORNAMENT = re.compile(r"\x1b\[[0-9;]*m|\*{3,}|>>>")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)(:|$)")


class HarnessFailed(FarmError):
    """Raised when lm-eval itself fails on a task. Carries its last words."""

    exit_code = 3


def plan_task(python: str, order: dict[str, Any]) -> dict[str, Any]:
    """The requests of a task. It may fetch the task's documents from the hub, with the user's HF_TOKEN.

    Raises ConfigError for a task that farm cannot run, HarnessFailed if lm-eval fails.
    """
    return _run(python, "plan", order, _with_token(), PLAN_S)


def group_tasks(python: str, order: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups below a group or tag of lm-eval, itself first: name, tasks and metrics. Raises as `plan_task`."""
    found: list[dict[str, Any]] = _run(python, "group", order, _with_token(), PLAN_S)["groups"]
    return found


def dataset_rows(python: str, path: str, name: str | None, split: str) -> list[dict[str, Any]]:
    """The documents of a dataset on the hub, or in a folder, as lm-eval loads them; with the user's HF_TOKEN.

    Raises as `plan_task`.
    """
    order = {"path": path, "name": name, "split": split}
    found: list[dict[str, Any]] = _run(python, "rows", order, _with_token(), PLAN_S)["rows"]
    return found


def _with_token() -> dict[str, str]:
    token = plain_environment(("HF_TOKEN", "HF_TOKEN_PATH"))
    return {**child_environment(keep_secrets=False), **token}


def score_answers(python: str, order: dict[str, Any]) -> dict[str, Any]:
    """lm-eval's files for answers to a plan. The process needs no network and is given no secrets.

    Raises as `plan_task`.
    """
    kept = plain_environment(("PATH", "LANG", "LC_ALL", "TMPDIR"))
    return _run(python, "score", order, {**kept, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}, SCORE_S)


def _run(python: str, mode: str, order: dict[str, Any], env: dict[str, str], limit_s: float) -> dict[str, Any]:
    # NLTK, which some tasks use, keeps its data in the environment and not in the user's home
    env = {**env, "NLTK_DATA": str(Path(python).parents[1] / NLTK_DATA)}
    with tempfile.TemporaryDirectory(prefix="farm-lm-eval-") as name:
        folder = Path(name)
        (folder / "order.json").write_text(json.dumps(order))
        if mode == "score":
            env = {**env, "HOME": name}
        try:
            done = subprocess.run(
                [python, "-P", "-m", MODULE, mode, "order.json", "result.json"],
                cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=limit_s, preexec_fn=die_with_parent,  # another worker scores the answers of a killed one
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HarnessFailed(f"lm-eval did not {mode} the task in {limit_s:.0f} s") from None
        if done.returncode == REFUSED:
            raise ConfigError(one_line(done.stderr.strip().rpartition("\n")[2], 1000))
        if done.returncode:
            raise HarnessFailed(f"lm-eval could not {mode} the task: {one_line(last_words(done.stderr), 500)}")
        found = json.loads((folder / "result.json").read_text())
    if not isinstance(found, dict):
        raise HarnessFailed(f"lm-eval gave no result when asked to {mode} the task")
    return found


def last_words(stderr: str) -> str:
    """The exception that ended a process, without traceback and colours; else the last line that is not blank."""
    lines = [_ORNAMENT.sub("", line).strip() for line in stderr.splitlines()]
    raised = [number for number, line in enumerate(lines) if _RAISED.match(line)]
    told = lines[raised[-1] :] if raised else [line for line in lines if line][-1:]
    return " ".join(filter(None, told)) or "it said nothing"
