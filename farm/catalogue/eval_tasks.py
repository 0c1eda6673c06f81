"""Which evaluation each model gets by default, and which tasks it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from farm.benchmarks.benchmark import LmEvalTask
from farm.benchmarks.registry import benchmarks
from farm.catalogue.eval_task import EvalReference, EvalTask
from farm.catalogue.near import near
from farm.catalogue.task_table import imported_tasks
from farm.errors import CatalogueError
from farm.text import one_line

_TTIS = "tenstorrent/tt-inference-server"
_SEED_DOC = "design document of the LiveCodeBench integration; who measured it, and how, is not recorded"

# release_v6, 1055 problems, 0-shot, n = 1, greedy, 2048 new tokens (unless a note says otherwise)
LIVECODEBENCH = EvalTask(task_name="livecodebench", model_name="", own_protocol="official")


def known_tasks() -> dict[str, EvalTask]:
    """The eval tasks of all benchmarks by name, without reference scores.

    They are lm-eval's where the benchmark has tasks there, else one with the benchmark's name.
    """
    found: dict[str, EvalTask] = {}
    for benchmark in benchmarks().values():
        for task in benchmark.lm_eval_tasks:
            found[task.name] = EvalTask(task_name=task.name, model_name="", own_protocol=_eval_protocol(task))
        if not benchmark.lm_eval_tasks and benchmark.protocols:
            own = benchmark.protocols[0].name
            found[benchmark.name] = EvalTask(task_name=benchmark.name, model_name="", own_protocol=own)
    return found


def task_of(protocol: str | None) -> str | None:
    """The eval task that a protocol (`name` or `name@version`) belongs to alone; None if it is no task's own."""
    name = (protocol or "").partition("@")[0]
    for benchmark in benchmarks().values():
        for task in benchmark.lm_eval_tasks:
            if not task.eval_protocol and _eval_protocol(task) == name:
                return task.name
        if not benchmark.lm_eval_tasks and name in (own.name for own in benchmark.protocols):
            return benchmark.name
    return None


def _eval_protocol(task: LmEvalTask) -> str:
    """Its newest version, where lm-eval's task has an older one."""
    return task.eval_protocol or task.protocol.partition("@")[0]


def _gpu(score: float, source: str, date: str, hits: int, note: str = "") -> EvalReference:
    return EvalReference(
        "gpu_reference", score, f"{_TTIS} {source}", date, ("tt",), problems=1055, hits=hits, release="v6", note=note
    )


def _published(score: float, source: str, date: str, note: str = "", protocol: str = "tt") -> EvalReference:
    return EvalReference(
        "published", score, f"{_TTIS} {source}", date, (protocol,), problems=1055, release="v6", note=note
    )


def _seed(label: Literal["published", "gpu_reference"], score: float) -> EvalReference:
    return EvalReference(label, score, _SEED_DOC, "", ("seed",))


def _livecodebench(model: str, *references: EvalReference) -> EvalTask:
    return replace(LIVECODEBENCH, model_name=model, references=references)


_MEASURED: tuple[EvalTask, ...] = (
    _livecodebench(
        "Llama-3.2-3B-Instruct",
        _gpu(13.93, "#354 (A100; #311 comment 2991859987)", "2025-06-30", 147),
        _seed("published", 5.4),
        _seed("gpu_reference", 5.0),
    ),
    _livecodebench("Qwen2.5-7B-Instruct", _seed("published", 14.2)),
    _livecodebench(
        "gemma-3-4b-it",
        _gpu(17.91, "#615 (corrects #591)", "2025-09-09", 189, "removed 2025-11-12 for CI time (#1115)"),
        _published(12.6, "#591", "2025-09-03"),
    ),
    _livecodebench(
        "gemma-3-27b-it",
        _gpu(32.51, "#615 (corrects #591)", "2025-09-09", 343, "removed 2025-11-12 for CI time (#1115)"),
        _published(29.7, "#591", "2025-09-03"),
    ),
    _livecodebench(
        "Qwen2.5-Coder-32B-Instruct",
        _gpu(42.46, "#495 (A100, standard error 1.52)", "2025-09-05", 448, "never active: the evaluation hung (#630)"),
        _published(31.4, "#495", "2025-09-05"),
    ),
    _livecodebench(
        "Qwen3.6-27B",
        _published(
            83.9, "commit 6f613b9b8", "2026-06-30", "thinking, temperature 0.6, 32768 tokens; reverted", "reason"
        ),
    ),
    # No reference scores: it is here to show the whole line with a real model on a CPU.
    _livecodebench("SmolLM2-135M-Instruct"),
)


@cache
def known_evals() -> tuple[EvalTask, ...]:
    """The eval tasks of all models: LiveCodeBench with the history of its scores, and those of the imported table."""
    own = {(task.model_name, task.task_name) for task in _MEASURED}
    return (*_MEASURED, *(task for task in imported_tasks() if (task.model_name, task.task_name) not in own))


def tasks_of(model_name: str, evals: Sequence[EvalTask] | None = None) -> list[EvalTask]:
    """The eval tasks of a model, whoever runs them; empty for a model that has none."""
    short = model_name.rsplit("/", 1)[-1]
    return [task for task in (known_evals() if evals is None else evals) if task.model_name == short]


def eval_task(model_name: str, task: str | None = None, evals: Sequence[EvalTask] | None = None) -> EvalTask:
    """The evaluation of `model_name` that farm judges: the first one that it has, or the one that `task` names.

    A task named explicitly runs on any model, with references where there are some. Raises
    CatalogueError for a model without an eval task and for an unknown task.
    """
    evals = known_evals() if evals is None else evals
    short = model_name.rsplit("/", 1)[-1]
    judged = [own for own in evals if own.runner == "farm"]
    known = {**{own.task_name: own for own in judged}, **known_tasks()}
    if task is not None and task not in known:
        raise CatalogueError(
            f"eval task:={one_line(task, 60)} is not known", remedy=f"choose one of: {', '.join(known)}"
        )
    own = next((e for e in judged if e.model_name == short and task in (None, e.task_name)), None)
    if own is not None:
        return own
    if task is not None:
        return replace(known[task], model_name=short, references=())
    if others := tasks_of(short, evals):
        raise CatalogueError(
            f"Model:={one_line(short, 100)} not found in EVAL_CONFIGS with a task that farm judges itself; it has "
            f"{', '.join(other.task_name for other in others)}",
            remedy="run one with --task, all with --all-tasks; or LiveCodeBench: --eval-task livecodebench",
        )
    similar = near(short, eval_models(evals))
    raise CatalogueError(
        f"Model:={one_line(short, 100)} not found in EVAL_CONFIGS; models with an eval task: "
        f"{', '.join(similar or eval_models(evals))}",
        remedy="name one to run it on any model: --eval-task livecodebench",
    )


def eval_models(evals: Sequence[EvalTask] | None = None) -> tuple[str, ...]:
    """The models with an eval task that farm judges, sorted."""
    evals = known_evals() if evals is None else evals
    return tuple(sorted({own.model_name for own in evals if own.runner == "farm"}, key=str.lower))
