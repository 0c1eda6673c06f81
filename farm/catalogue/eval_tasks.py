"""Which evaluation each model gets by default, and the scores that others measured with it.

A score means nothing without its protocol: the same model went from 7.11 to 13.93 on the same problems
by prompt, device and sampling alone (tenstorrent/tt-inference-server#311). So each reference names the
protocols it may be compared under, and where and when it was published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from farm.benchmarks.benchmark import LmEvalTask
from farm.benchmarks.registry import benchmarks
from farm.catalogue.near import near
from farm.errors import CatalogueError
from farm.records import DEFAULT_TOLERANCE
from farm.text import one_line

# How tt-inference-server reads a score from lm-evaluation-harness's results: one key, the mean of several, or of
# nested ones
ScoreFunc = Literal["score_task_single_key", "score_task_keys_mean", "score_multilevel_keys_mean"]

_TTIS = "tenstorrent/tt-inference-server"
_SEED_DOC = "design document of the LiveCodeBench integration; who measured it, and how, is not recorded"


@dataclass(frozen=True)
class EvalReference:
    """A score that others measured, in percent. `protocols` are those it can be compared under."""

    label: Literal["published", "gpu_reference"]
    score: Annotated[float, Field(ge=0, le=100)]
    source: str
    date: Annotated[
        str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    ]  # ISO 8601 of the publication, empty where it is unknown
    protocols: tuple[str, ...]
    problems: Annotated[int, Field(ge=1)] | None = None
    hits: Annotated[int, Field(ge=0)] | None = None  # solved problems, where the score is an exact fraction
    note: str = ""

    @model_validator(mode="after")
    def _score_is_the_fraction(self) -> Self:
        if self.hits is not None and self.problems is not None:
            if self.hits > self.problems:
                raise ValueError(f"{self.hits} hits of {self.problems} problems")
            exact = 100 * self.hits / self.problems
            if abs(self.score - exact) > 0.05:
                raise ValueError(f"score {self.score:g}, but {self.hits} of {self.problems} are {exact:.2f}")
        return self


@dataclass(frozen=True)
class EvalTask:
    """One evaluation of one model, in the terms of tt-inference-server's eval configuration."""

    task_name: str
    model_name: str
    own_protocol: str
    score_func: ScoreFunc = "score_task_single_key"
    result_keys: Annotated[tuple[str, ...], Field(min_length=1)] = ("acc,none",)
    unit: Literal["percent"] = "percent"
    tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT_TOLERANCE
    references: tuple[EvalReference, ...] = ()
    chosen_protocol: str | None = None  # by a user's own file
    place: str = ""  # file and line, if a user's own file has it

    @property
    def protocol(self) -> str:
        """The protocol to run by default: the one that a reference can be compared under, Tenstorrent's first."""
        if self.chosen_protocol is not None:
            return self.chosen_protocol
        compared = {name for ref in self.references for name in ref.protocols}
        return next((name for name in ("tt", "reason") if name in compared), self.own_protocol)


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
        "gpu_reference", score, f"{_TTIS} {source}", date, ("tt",), problems=1055, hits=hits, note=note
    )


def _published(score: float, source: str, date: str, note: str = "", protocol: str = "tt") -> EvalReference:
    return EvalReference("published", score, f"{_TTIS} {source}", date, (protocol,), problems=1055, note=note)


def _seed(label: Literal["published", "gpu_reference"], score: float) -> EvalReference:
    return EvalReference(label, score, _SEED_DOC, "", ("seed",))


def _livecodebench(model: str, *references: EvalReference) -> EvalTask:
    return replace(LIVECODEBENCH, model_name=model, references=references)


EVALS: tuple[EvalTask, ...] = (
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


def eval_task(model_name: str, task: str | None = None, evals: Sequence[EvalTask] = EVALS) -> EvalTask:
    """The evaluation of `model_name`: the one in the table by default, or the one that `task` names.

    A task named explicitly runs on any model, with references where there are some. Raises
    CatalogueError for a model without an eval task and for an unknown task.
    """
    short = model_name.rsplit("/", 1)[-1]
    known = {**{own.task_name: own for own in evals}, **known_tasks()}
    if task is not None and task not in known:
        raise CatalogueError(
            f"eval task:={one_line(task, 60)} is not known", remedy=f"choose one of: {', '.join(known)}"
        )
    own = next((e for e in evals if e.model_name == short and task in (None, e.task_name)), None)
    if own is not None:
        return own
    if task is not None:
        return replace(known[task], model_name=short, references=())
    similar = near(short, eval_models(evals))
    raise CatalogueError(
        f"Model:={one_line(short, 100)} not found in EVAL_CONFIGS; models with an eval task: "
        f"{', '.join(similar or eval_models(evals))}",
        remedy="name one to run it on any model: --eval-task livecodebench",
    )


def eval_models(evals: Sequence[EvalTask] = EVALS) -> tuple[str, ...]:
    """The models that have an eval task, sorted."""
    return tuple(sorted({own.model_name for own in evals}, key=str.lower))
