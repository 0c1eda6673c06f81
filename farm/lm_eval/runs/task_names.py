"""The names of lm-evaluation-harness's tasks, known without having it: a wrong name costs no installation.

The list is that of the version in the evaluation environments; `scripts/lm_eval_task_names.py` writes it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from farm.benchmarks.registry import lm_eval_tasks
from farm.catalogue.near import near
from farm.errors import ConfigError
from farm.text import one_line

LIST = Path(__file__).with_name("task_names.txt")
GENERATES, GROUP, TAG = "generate_until", "group", "tag"

_REFUSED = {
    "code": "executes what the model wrote in lm-eval's own process: farm does not",
    "class": "is a Python class, which loads its documents by itself",
}


@cache
def kinds() -> dict[str, str]:
    """Kind by name: `group`, `tag`, `code`, `class`, or the type of the task's requests."""
    found, kind = {}, ""
    for line in LIST.read_text().splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif not line.startswith("#"):
            found[line] = kind
    return found


def own_tasks() -> dict[str, Path]:
    """The tasks that farm ships and lm-eval lacks, and their YAML files, by name."""
    folder = Path(str(files("farm.lm_eval") / "tasks"))
    return {path.stem: path for path in sorted(folder.glob("r1_*/*.yaml"))}


def is_group(name: str, include_path: Path | None = None) -> bool:
    """Whether the name is that of several tasks: of lm-eval, or of the user's own in a folder."""
    if include_path is not None:
        wanted = re.compile(rf"(?m)^group:\s*[\"']?{re.escape(name)}[\"']?\s*(#.*)?$")
        own = [path for end in ("yaml", "yml") for path in include_path.rglob(f"*.{end}") if path.is_file()]
        if any(wanted.search(path.read_text("utf-8", "replace")) for path in own):
            return True
    return kinds().get(name) in (GROUP, TAG)


def is_known(name: str) -> bool:
    """Whether it is a task or group that lm-eval or farm has."""
    return name in kinds() or name in own_tasks()


def check_name(name: str) -> None:
    """ConfigError for a name that lm-eval does not have, with those like it, and for a task that farm cannot run."""
    kind = GENERATES if name in own_tasks() else kinds().get(name)
    if kind is None:
        similar = near(name, [*own_tasks(), *lm_eval_tasks(), *kinds()])
        meant = f"did you mean {', '.join(similar)}? Or " if similar else ""
        raise ConfigError(
            f"lm-eval has no task {one_line(name, 60)}",
            remedy=f"{meant}for one of your own: --include-path, or the path of its YAML",
        )
    if kind in _REFUSED:
        raise ConfigError(f"task {name} {_REFUSED[kind]}")
    if kind not in (GENERATES, GROUP, TAG):
        raise ConfigError(f"task {name} is of type {kind}: farm runs tasks of type {GENERATES}")
