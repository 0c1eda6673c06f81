"""A task of lm-eval as a run: lm-eval makes the requests, farm's workers ask the model, a score worker judges.

lm-eval runs in an environment of its own, in a process without secrets.
"""

from __future__ import annotations

import json
import re
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import click

from farm.app.embedded import EmbeddedStack, stack_or_cluster
from farm.app.home import blob_store, datasets_folder
from farm.app.run import STOPPING, stopping
from farm.catalogue.code_tasks import HarnessTask
from farm.config import Settings
from farm.datasets.store import BlobStore
from farm.environments.known import DEFAULT, VISION, environment_of, known
from farm.environments.process import dataset_rows, plan_task
from farm.environments.store import environments
from farm.errors import ConfigError
from farm.ledger.control import ordered_drive
from farm.ledger.ledger import Ledger
from farm.lm_eval.runs.files import show_figures, write_scored
from farm.lm_eval.runs.plan import document_name, harness_dataset, planned_requests
from farm.lm_eval.runs.scorer import Scorer, answers_of, order_of, plan_of
from farm.lm_eval.runs.task_options import NEEDS_NO, refuse_options
from farm.planning.plan import PlannedDataset
from farm.queue import broker
from farm.queue.publisher import publisher_for
from farm.queue.redis_keys import Keys
from farm.queue.signing import signer
from farm.records import HarnessRef, Sampling
from farm.reports.exports.lm_eval import sanitized
from farm.reports.write import durable
from farm.screen.terminal import Terminal


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


def hub_file(settings: Settings, task: HarnessTask) -> Path:
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


def score_harness_task(
    settings: Settings, ledger: Ledger, run_id: str, folder: Path, *, ordered: bool = False
) -> list[Path]:
    """Have a complete run's answers scored and write lm-eval's files below `folder`; the paths.

    An `ordered` score is wanted as long as the order stands. Raises RunIncomplete if answers are missing, lm-eval
    fails or the order is withdrawn, Interrupted after Ctrl-C.
    """
    spec = ledger.run(run_id).spec
    assert spec.harness is not None and spec.model is not None
    plan = plan_of(spec, blob_store(settings))
    order = json.dumps(order_of(spec, run_id, plan)).encode()
    answers = json.dumps(answers_of(ledger, run_id, plan["rows"], document_name)).encode()
    stack = None
    if settings.broker_url is None:
        stack = EmbeddedStack(settings, execute_slots=0, generate_slots=0, scores=True)
    with (
        stopping(STOPPING, Terminal()) as stop,
        stack_or_cluster(stack, settings) as live,
        nullcontext(broker.client(live)) as redis,
        closing(publisher_for(live, redis)) as publisher,
    ):
        scorer = Scorer(
            ledger, run_id, publisher=publisher, connection=redis, keys=Keys(live.key_prefix),
            signer=signer(live), check=stack.check if stack is not None else lambda: None,
            say=lambda text: click.echo(text, err=True),
        )  # fmt: skip
        found = scorer.score(
            spec.harness.environment, order, answers, stop,
            wanted=lambda: not ordered or ordered_drive(ledger, run_id) is not None,
        )  # fmt: skip
        redis.close()
    paths = write_scored(folder / sanitized(spec.model.repo), run_id, found["files"])
    show_figures(spec.harness.task, found["figures"])
    return paths


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
