"""Which evaluation each model gets by default, and the scores others measured with it.

A score means nothing without its protocol: the same model went from 7.11 to 13.93 on the same problems
by prompt, device and sampling alone (tenstorrent/tt-inference-server#311). So each reference names the
protocols it may be compared under, and where and when it was published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from farm.catalogue.catalogue import near
from farm.errors import CatalogueError
from farm.text import one_line

_TTIS = "tenstorrent/tt-inference-server"
_SEED_DOC = "design document of the LiveCodeBench integration; who measured it, and how, is not recorded"


@dataclass(frozen=True)
class EvalReference:
    """A score that somebody else measured, in percent. `protocols` are those it can be compared under."""

    label: Literal["published", "gpu_reference"]
    score: float
    source: str
    date: str  # ISO 8601 of the publication, empty where it is unknown
    protocols: tuple[str, ...]
    problems: int | None = None
    hits: int | None = None  # solved problems, where the score is an exact fraction
    note: str = ""


@dataclass(frozen=True)
class EvalTask:
    """One evaluation of one model, in the terms of tt-inference-server's eval configuration."""

    task_name: str
    model_name: str
    score_func: str = "score_task_single_key"
    result_keys: tuple[str, ...] = ("acc,none",)
    unit: Literal["percent"] = "percent"
    tolerance: float = 0.05
    references: tuple[EvalReference, ...] = ()
    own_protocol: str = "official"

    @property
    def protocol(self) -> str:
        """The protocol to run by default: the one that a reference can be compared under, Tenstorrent's first."""
        compared = {name for ref in self.references for name in ref.protocols}
        return next((name for name in ("tt", "reason") if name in compared), self.own_protocol)


def eval_task(model_name: str, task: str | None = None) -> EvalTask:
    """The evaluation of `model_name`: its own by default, or the one that `task` names.

    A task named explicitly runs on any model, with references where there are some. Raises
    CatalogueError for a model without an eval task of its own and for an unknown task.
    """
    short = model_name.rsplit("/", 1)[-1]
    if task is not None and task not in TASKS:
        raise CatalogueError(
            f"eval task:={one_line(task, 60)} is not known", remedy=f"choose one of: {', '.join(TASKS)}"
        )
    own = _MODELS.get(short)
    if own is not None and task in (None, own.task_name):
        return own
    if task is not None:
        return replace(TASKS[task], model_name=short)
    similar = near(short, eval_models())
    raise CatalogueError(
        f"Model:={one_line(short, 100)} not found in EVAL_CONFIGS; models with an eval task: "
        f"{', '.join(similar or eval_models())}",
        remedy="name one to run it on any model: --eval-task livecodebench",
    )


def eval_models() -> tuple[str, ...]:
    """The models that have an eval task of their own, sorted."""
    return tuple(sorted(_MODELS, key=str.lower))


# release_v6, 1055 problems, 0-shot, n = 1, greedy, 2048 new tokens (unless a note says otherwise)
LIVECODEBENCH = EvalTask(task_name="livecodebench", model_name="")

# Without reference scores yet; the names are lm-evaluation-harness's
_PYTHON_TESTS = tuple(
    EvalTask(task_name=protocol.replace("-", "_"), model_name="", own_protocol=protocol)
    for protocol in ("humaneval", "humaneval-instruct", "mbpp", "mbpp-instruct")
)

TASKS = {task.task_name: task for task in (LIVECODEBENCH, *_PYTHON_TESTS)}


def task_of(protocol: str | None) -> str | None:
    """The eval task that a protocol (`name` or `name@version`) belongs to alone; None if it is no task's own."""
    name = (protocol or "").partition("@")[0]
    return next((task.task_name for task in _PYTHON_TESTS if task.own_protocol == name), None)


def _gpu(score: float, source: str, date: str, hits: int, note: str = "") -> EvalReference:
    return EvalReference(
        "gpu_reference", score, f"{_TTIS} {source}", date, ("tt",), problems=1055, hits=hits, note=note
    )


def _published(score: float, source: str, date: str, note: str = "", protocol: str = "tt") -> EvalReference:
    return EvalReference("published", score, f"{_TTIS} {source}", date, (protocol,), problems=1055, note=note)


def _seed(label: Literal["published", "gpu_reference"], score: float) -> EvalReference:
    return EvalReference(label, score, _SEED_DOC, "", ("seed",))


def _livecodebench(model: str, *references: EvalReference) -> tuple[str, EvalTask]:
    return model, replace(LIVECODEBENCH, model_name=model, references=references)


_MODELS: dict[str, EvalTask] = dict(
    (
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
            _gpu(
                42.46, "#495 (A100, standard error 1.52)", "2025-09-05", 448, "never active: the evaluation hung (#630)"
            ),
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
)
