"""Planning a task of lm-eval as a run: lm-eval makes the requests that farm's workers will ask the model.

lm-eval runs in an environment of its own, in a process without secrets.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from farm.app.home import datasets_folder
from farm.benchmarks import LmEvalTask
from farm.config import Settings
from farm.datasets.store import BlobStore
from farm.environments.known import DEFAULT, VISION, environment_of, known
from farm.environments.process import dataset_rows, plan_task
from farm.environments.store import environments
from farm.errors import ConfigError
from farm.lm_eval.runs.plan import harness_dataset, planned_requests
from farm.lm_eval.runs.task_options import NEEDS_NO, refuse_options
from farm.planning.plan import PlannedDataset
from farm.records import HarnessRef, Sampling
from farm.reports.write import durable


def plan_harness_task(
    settings: Settings, store: BlobStore, task: str, model: str, options: dict[str, Any]
) -> tuple[PlannedDataset, Sampling, HarnessRef, bool]:
    """lm-eval's requests for a task as a dataset, how they are asked, and whether they are conversations.

    Raises ConfigError for a task that is not one farm can run, by its name, and for options that are not lm-eval's.
    """
    refuse_options(options, NEEDS_NO, f"lm-eval's task {task} says that itself; what is sent: --gen-kwargs")
    task, name = _named(task)
    environment = known(options["environment"]) if options["environment"] else environment_of(name)
    if environment.name == VISION:
        raise ConfigError(
            f"task {name} needs pictures ({VISION}), and the server of {model} takes text: vision is not supported"
        )
    python = environments(settings).ensure(environment, lambda text: click.echo(text, err=True))
    plan = plan_task(
        python,
        {
            "task": task,
            "include_path": None if options["include_path"] is None else str(options["include_path"].absolute()),
            "num_fewshot": options["num_fewshot"],
            "limit": options["limit"],
            "apply_chat_template": not options["plain_prompts"],
            "system_instruction": None,
            "gen_kwargs": _gen_kwargs(options["gen_kwargs"]),
            "metadata": {},
        },
    )
    asked, sampling = planned_requests(plan, n=options["n"], seed=42 if options["seed"] is None else options["seed"])
    task = plan["task"]
    ref = HarnessRef(task=task, environment=environment.name, plan=store.put(json.dumps(plan).encode()))
    return harness_dataset(task, asked, store), sampling, ref, bool(plan["chat"])


def _named(task: str) -> tuple[str, str]:
    """A task as lm-eval shall look for it, and its name: that in its YAML where it is given by the path of that."""
    if not task.endswith((".yaml", ".yml")):
        return task, task
    path = Path(task).absolute()
    try:
        found = re.search(r"(?m)^task:\s*[\"']?([^\s\"'#]+)", path.read_text("utf-8", "replace"))
    except OSError as exc:
        raise ConfigError(f"--task {task}: {exc.strerror}") from exc
    return str(path), found[1] if found else path.stem


def hub_file(settings: Settings, task: LmEvalTask) -> Path:
    """The documents of a code task that `farm dataset pull` does not know, as a JSONL file; fetched once.

    In the environment EVALS, as lm-eval fetches them. Raises ConfigError, HarnessFailed.
    """
    path = datasets_folder(settings) / task.dataset / f"{task.hub.split}.jsonl"
    if not path.exists():
        python = environments(settings).ensure(known(DEFAULT), lambda text: click.echo(text, err=True))
        click.echo(f"fetching {task.hub.path} for {task.name}, once", err=True)
        rows = dataset_rows(python, task.hub.path, task.hub.name, task.hub.split)
        with durable(path) as file:
            file.write(b"".join(json.dumps(row).encode("ascii") + b"\n" for row in rows))
    return path


def _gen_kwargs(text: str | None) -> dict[str, Any]:
    """`key=value,key=value` or a JSON object, as lm-eval takes it."""
    if not text:
        return {}
    try:
        if text.lstrip().startswith("{"):
            return dict(json.loads(text))
        pairs = dict(part.split("=", 1) for part in text.split(","))
    except ValueError as exc:
        raise ConfigError("--gen-kwargs: neither key=value,... nor a JSON object") from exc
    return {name.strip(): _value(value.strip()) for name, value in pairs.items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return text
