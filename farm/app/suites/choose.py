"""Which tasks a suite has, and how each is asked: as tt-inference-server does, where it has the task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from farm.app.requests import SubmitRequest, SuiteChoice
from farm.benchmarks.registry import lm_eval_tasks
from farm.catalogue.eval_task import EvalTask, Mode, typed
from farm.errors import ConfigError
from farm.lm_eval.runs.task import TaskChoice
from farm.lm_eval.runs.task_names import is_known
from farm.records import Sampling, ServedModel
from farm.records.fields import options_of
from farm.text import one_line

SMOKE_TEST = 3  # documents of each task, whatever its own limits say: tt-inference-server's llm_module/eval_command.py
MODES: tuple[str, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True)
class ChosenTask:
    """A task of a suite: how it is asked for, or why it is not run here."""

    task: EvalTask
    request: SubmitRequest | None = None
    why: str = ""

    def in_words(self) -> str:
        """For a dry run."""
        if self.request is None:
            return f"{self.task.task_name}: not run, {self.why}"
        chosen = self.request.problems.selection.in_words()
        return f"{self.task.task_name}: run by {self.task.run_by()}{f'; {chosen}' if chosen else ''}"


def chosen_tasks(request: SubmitRequest, model: ServedModel, tasks: Sequence[EvalTask]) -> list[ChosenTask]:
    """What becomes of each of the model's tasks. ConfigError for a model without tasks, and for unknown names."""
    assert request.suite is not None
    if not tasks:
        raise ConfigError(
            f"no eval task is known for {model.name}", remedy="name one: --task NAME, or --eval-task livecodebench"
        )
    _refuse_single(request)
    documents = request.suite.documents
    if unknown := sorted(set(documents) - {task.task_name for task in tasks}):
        raise ConfigError(
            f"--eval-samples names {', '.join(map(one_line, unknown))}, which {model.name} does not have",
            remedy=f"its tasks are {', '.join(task.task_name for task in tasks)}",
        )
    return [_chosen(request, request.suite, model, task) for task in tasks]


def read_documents(text: str) -> dict[str, tuple[int, ...]]:
    """`{"task": [0, 5]}` as `--eval-samples` takes it: documents of each task by their place, from 0. ConfigError."""
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise ConfigError("--eval-samples is no JSON", remedy='write it as {"TASK": [0, 5]}') from exc
    rows = value.items() if isinstance(value, dict) else [("", value)]
    for name, places in rows:
        if not name or not isinstance(places, list) or not places or not all(map(_is_place, places)):
            raise ConfigError(
                f"--eval-samples: {one_line(name, 60) or 'an object'} wants a list of places from 0",
                remedy='write it as {"TASK": [0, 5]}',
            )
    return {name: tuple(places) for name, places in rows}


def _is_place(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _refuse_single(request: SubmitRequest) -> None:
    """ConfigError for what belongs to one task: the tasks of a model say that themselves."""
    given = {
        "--task": request.task,
        "--eval-task": request.eval_task,
        "--protocol": request.protocol,
        "--dataset": request.problems.dataset,
        "--release": request.problems.release,
        "--k": request.ks,
        "--limit and other filters": not request.problems.selection.takes_all or None,
    }
    if named := [flag for flag, value in given.items() if value]:
        raise ConfigError(
            f"{', '.join(named)}: a model's tasks say that themselves", remedy="take fewer documents with --mode"
        )


def _chosen(request: SubmitRequest, suite: SuiteChoice, model: ServedModel, task: EvalTask) -> ChosenTask:
    if why := _obstacle(model, task):
        return ChosenTask(task, why=why)
    selection, mode = request.problems.selection, ""
    if task.task_name in suite.documents:
        selection = replace(selection, places=frozenset(suite.documents[task.task_name]))
    elif (limit := limit_of(task, suite.mode)) is not None:
        selection, mode = replace(selection, first=limit), suite.mode
    asked = replace(request, suite=None, mode=mode, problems=replace(request.problems, selection=selection))
    if task.runner == "farm":
        return ChosenTask(task, _judged(asked, task))
    setting = task.setting
    choice = TaskChoice(
        task.task_name,
        num_fewshot=setting.num_fewshot,
        gen_kwargs=json.dumps({name: typed(value) for name, value in setting.gen_kwargs.items()}) or None,
        metadata=setting.metadata,
    )
    return ChosenTask(task, replace(asked, task=choice))


def limit_of(task: EvalTask, mode: str) -> float | None:
    """How many of a task's documents a mode takes, the first ones: a number, or below 1 a share; None: all."""
    return SMOKE_TEST if mode == "smoke-test" else task.setting.limits.get(mode)


def _obstacle(model: ServedModel, task: EvalTask) -> str:
    """Why a task cannot be run here; empty if it can."""
    if not task.runs_here:
        return f"it is run by {task.run_by()}"
    needed = task.setting.min_context
    if needed is not None and model.max_context < needed:
        return f"it needs a context of {needed} tokens, and the server has {model.max_context}"
    if task.runner == "lm-eval" and not is_known(task.task_name):
        if task.task_name.startswith("meta_"):
            return f"its files come with Meta's llama-cookbook: farm submit --task {task.task_name} --include-path DIR"
        return "it is in Tenstorrent's fork of lm-eval alone"
    return ""


def _judged(request: SubmitRequest, task: EvalTask) -> SubmitRequest:
    """A code task: as lm-eval's where that is what the references were measured with, else by its protocol."""
    own = Sampling(**task.setting.sampling())
    request = replace(request, sampling=_merged(own, request.sampling))
    known = lm_eval_tasks().get(task.task_name)
    if known is not None and known.protocol.partition("@")[0] == task.protocol:
        return replace(request, task=TaskChoice(task.task_name))
    return replace(request, eval_task=task.task_name)


def _merged(own: Sampling, chosen: Sampling) -> Sampling:
    """The task's sampling, with what the user chose in its place; only what either of them says."""
    options = options_of(Sampling)
    kept = [name for name in own.model_fields_set if chosen.sends(options[name][1].sent_as or name)]
    stated: Mapping[str, Any] = {
        **{name: getattr(own, name) for name in kept},
        **{name: getattr(chosen, name) for name in chosen.model_fields_set},
    }
    return Sampling(**stated)
