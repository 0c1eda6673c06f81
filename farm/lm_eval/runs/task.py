"""A task of lm-evaluation-harness that a caller wants to run, and its plan: lm-eval makes the requests.

lm-eval runs in an evaluation environment, in a process without secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.benchmarks import LmEvalTask
from farm.benchmarks.registry import lm_eval_tasks
from farm.config import Settings
from farm.datasets.pulling.hub import reachable
from farm.datasets.store import BlobStore
from farm.environments.known import DEFAULT, VISION, Environment, environment_of, known
from farm.environments.process import dataset_rows, plan_task
from farm.environments.store import environments
from farm.errors import ConfigError, EnvironmentMissing
from farm.lm_eval.runs.plan import harness_dataset, planned_requests
from farm.lm_eval.runs.task_names import check_name, own_tasks
from farm.planning.plan import PlannedDataset
from farm.records import HarnessRef, Sampling
from farm.reports.write import durable
from farm.text import json_or_text


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """A task by its name, or by the path of its YAML file; the rest is for tasks that lm-eval scores.

    ConfigError for a code task that farm judges itself (`code_task`) with an option that only lm-eval could follow.
    """

    name: str
    environment: str | None = None  # None: the one that the task needs
    include_path: Path | None = None  # a folder with the user's own tasks
    num_fewshot: int | None = None
    gen_kwargs: str | None = None  # key=value,key=value or a JSON object
    plain_prompts: bool = False  # texts for /v1/completions in place of conversations
    metadata: Mapping[str, Any] = field(default_factory=dict)  # for the loader of the task's dataset

    def __post_init__(self) -> None:
        if self.code_task is not None:
            refuse_without_task(self)

    @property
    def code_task(self) -> LmEvalTask | None:
        """The task as farm judges it; None: lm-eval scores it."""
        return lm_eval_tasks().get(self.name)


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """What lm-eval asks for a task, and how. `chat`: the requests are conversations."""

    dataset: PlannedDataset
    sampling: Sampling
    harness: HarnessRef
    chat: bool
    num_fewshot: int  # examples in each prompt
    all_documents: bool  # of the task, none left out by a limit


def refuse_without_task(task: TaskChoice) -> None:
    """ConfigError for an option of `task` that only lm-eval could follow."""
    flags = {
        "--env": task.environment,
        "--include-path": task.include_path,
        "--num-fewshot": task.num_fewshot,
        "--gen-kwargs": task.gen_kwargs,
        "--plain-prompts": task.plain_prompts or None,
    }
    if given := [flag for flag, value in flags.items() if value is not None]:
        raise ConfigError(f"{', '.join(given)}: only for a --task that lm-eval scores")


def plan_lm_eval_task(
    settings: Settings,
    store: BlobStore,
    task: TaskChoice,
    model: str,
    *,
    n: int | None,
    seed: int | None,
    limit: float | None,
    documents: Sequence[int] | None = None,
    say: Callable[[str], None],
    install: bool = True,
) -> PlannedTask:
    """lm-eval's requests for a task as a dataset. `n` and `seed` take the place of the task's own; `limit` is its
    first documents, a number or, below 1, a share of them, and `documents` are their places. `say` hears what takes
    time.

    Raises ConfigError for a task that farm cannot run, by its name; EnvironmentMissing where its environment would
    have to be made first, without `install`; HarnessFailed with what lm-eval said.
    """
    place, name = _named(task.name)
    if task.include_path is None and place == name:
        check_name(name)
    environment = environment_for(task, name, model)
    from_hub = place == name and task.include_path is None
    python = environment_python(settings, environment, name, say, install=install, from_hub=from_hub)
    plan = plan_task(
        python,
        {
            "task": place,
            "include_path": None if task.include_path is None else str(task.include_path.absolute()),
            "num_fewshot": task.num_fewshot,
            "limit": limit,
            "samples": None if documents is None else list(documents),
            "apply_chat_template": not task.plain_prompts,
            "system_instruction": None,
            "gen_kwargs": gen_kwargs(task.gen_kwargs),
            "metadata": dict(task.metadata),
        },
    )
    asked, sampling = planned_requests(plan, n=n, seed=42 if seed is None else seed)
    name = plan["task"]
    ref = HarnessRef(task=name, environment=environment.name, plan=store.put(json.dumps(plan).encode()))
    dataset = harness_dataset(name, asked, store)
    return PlannedTask(
        dataset,
        sampling,
        ref,
        chat=bool(plan["chat"]),
        num_fewshot=plan["num_fewshot"],
        all_documents=len(asked) == plan["original"],
    )


def environment_for(task: TaskChoice, name: str, model: str) -> Environment:
    """The environment that a task or group needs, or that was named. ConfigError for one of pictures."""
    environment = known(task.environment) if task.environment else environment_of(name)
    if environment.name == VISION:
        raise ConfigError(
            f"task {name} needs pictures ({VISION}), and the server of {model} takes text: vision is not supported"
        )
    return environment


def environment_python(
    settings: Settings,
    environment: Environment,
    task: str,
    say: Callable[[str], None],
    *,
    install: bool,
    from_hub: bool,
) -> str:
    """The Python of an environment, which is made now if it may be.

    `from_hub`: the task's documents come from the hub, so that nothing is made where it cannot be reached. Raises
    EnvironmentMissing without `install`, ConfigError.
    """
    found = environments(settings).interpreter(environment)
    if found is not None:
        return found
    if not install:
        raise EnvironmentMissing(
            f"task {task} exists; what it asks is unknown here, since its environment {environment.name} "
            f"({environment.holds}, about 700 MiB) is not made",
            remedy=f"farm env create {environment.name}, which a run without --dry-run also does",
        )
    if from_hub:
        _check_hub(settings, environment, f"task {task}")
    return environments(settings).ensure(environment, say)


def hub_file(
    settings: Settings, pulled: Path, task: LmEvalTask, say: Callable[[str], None], *, install: bool = True
) -> Path:
    """The documents of a code task that `farm dataset pull` does not know, as a JSONL file in the folder `pulled`.

    Fetched once, in the environment EVALS, as lm-eval fetches them. Raises ConfigError, HarnessFailed.
    """
    path = pulled / task.dataset / f"{task.hub.split}.jsonl"
    if not path.exists():
        name = f"{task.name} ({task.hub.path})"
        python = environment_python(settings, known(DEFAULT), name, say, install=install, from_hub=True)
        say(f"fetching {task.hub.path} for {task.name}, once")
        rows = dataset_rows(python, task.hub.path, task.hub.name, task.hub.split)
        with durable(path) as file:
            file.write(b"".join(json.dumps(row).encode("ascii") + b"\n" for row in rows))
    return path


def _check_hub(settings: Settings, environment: Environment, what: str) -> None:
    """ConfigError before an environment is installed for documents that could not be fetched afterwards."""
    if reachable(settings.hf_endpoint):
        return
    raise ConfigError(
        f"the hub {settings.hf_endpoint} cannot be reached, from which lm-eval loads the documents of {what}; "
        f"the environment {environment.name} is not installed, so nothing was",
        remedy="check the network, HTTPS_PROXY and HF_ENDPOINT; benchmarks of farm's own come without a hub: "
        "farm dataset pull NAME --from-dir FOLDER, then --dataset NAME without --task",
    )


def _named(task: str) -> tuple[str, str]:
    """A task as lm-eval shall look for it, and its name: that in its YAML where it is given by the path of that."""
    if not task.endswith((".yaml", ".yml")):
        return (str(own_tasks()[task]), task) if task in own_tasks() else (task, task)
    path = Path(task).absolute()
    try:
        found = re.search(r"(?m)^task:\s*[\"']?([^\s\"'#]+)", path.read_text("utf-8", "replace"))
    except OSError as exc:
        raise ConfigError(f"--task {task}: {exc.strerror}") from exc
    return str(path), found[1] if found else path.stem


def gen_kwargs(text: str | None) -> dict[str, Any]:
    """`key=value,key=value` or a JSON object, as lm-eval takes it."""
    if not text:
        return {}
    try:
        if text.lstrip().startswith("{"):
            return dict(json.loads(text))
        pairs = dict(part.split("=", 1) for part in _at_commas(text))
    except ValueError as exc:
        raise ConfigError("--gen-kwargs: neither key=value,... nor a JSON object") from exc
    return {name.strip(): _value(value.strip()) for name, value in pairs.items()}


def _value(text: str) -> Any:
    return json_or_text(text.lower() if text in ("True", "False") else text)


def _at_commas(text: str) -> list[str]:
    """The parts of `text` between commas; one inside braces, brackets or double quotes separates nothing."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        if character == "," and not depth and not quoted:
            parts.append("")
            continue
        quoted ^= character == '"'
        depth += 0 if quoted else (character in "{[") - (character in "}]")
        parts[-1] += character
    return parts
