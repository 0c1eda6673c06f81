"""What an eval task is: what a model is measured by, who runs it, and the scores that others measured with it.

A score means nothing without its protocol: the same model went from 7.11 to 13.93 on the same problems
by prompt, device and sampling alone (tenstorrent/tt-inference-server#311). So each reference names the
protocols it may be compared under, and where and when it was published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from farm.records import DEFAULT_TOLERANCE, Sampling
from farm.records.fields import options_of

# How tt-inference-server reads a score from lm-evaluation-harness's results: one key, the mean of several, or of
# nested ones
ScoreFunc = Literal["score_task_single_key", "score_task_keys_mean", "score_multilevel_keys_mean"]

# Who runs a task: farm judges the programs itself, lm-eval scores answers that farm generates; the others are programs
# that farm names and does not start
Runner = Literal["farm", "lm-eval", "agent", "vision", "audio", "embedding", "load test"]

Mode = Literal["smoke-test", "ci-commit", "ci-nightly", "ci-long", "full"]


@dataclass(frozen=True)
class EvalReference:
    """A score that others measured, in percent. `protocols` are those it can be compared under."""

    label: Literal["published", "gpu_reference"]
    score: Annotated[float, Field(ge=0, le=100)]
    source: str
    # ISO 8601: of the publication, or of the table that the score was read from; empty where it is unknown
    date: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
    protocols: tuple[str, ...] = ()  # empty: of a task that lm-eval scores
    problems: Annotated[int, Field(ge=1)] | None = None
    hits: Annotated[int, Field(ge=0)] | None = None  # solved problems, where the score is an exact fraction
    release: str = ""  # of the dataset, where it has releases: v6
    subset: Mode | Literal[""] = ""  # the mode whose documents it was measured on; empty: on all
    tolerance: Annotated[float, Field(ge=0, lt=1)] | None = None  # in place of the task's
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
class Setting:
    """How tt-inference-server runs a task of a model, where that is not as the task itself says."""

    environment: str = ""  # its name there
    gen_kwargs: Mapping[str, Any] = Field(default_factory=dict)
    num_fewshot: int | None = None
    metadata: Mapping[str, Any] = Field(default_factory=dict)  # for the loader of the task's dataset
    limits: Mapping[str, float | None] = Field(default_factory=dict)  # by mode: a share below 1, or a number
    min_context: int | None = None  # tokens; a server with less skips the task
    harness: str = ""  # what runs an agentic task, in words

    def sampling(self) -> dict[str, Any]:
        """The fields of a `Sampling` that `gen_kwargs` decide, as lm-eval's API models read them."""
        given = {name: typed(value) for name, value in self.gen_kwargs.items()}
        fields: dict[str, Any] = {}
        if given.get("do_sample") is False:
            fields["temperature"] = 0.0
        if "max_gen_toks" in given:
            fields["max_tokens"] = given["max_gen_toks"]
        if "until" in given:
            fields["stop"] = (given["until"],) if isinstance(given["until"], str) else tuple(given["until"])
        for name, (_, option) in options_of(Sampling).items():
            if option.sent_as in given:
                fields[name] = given[option.sent_as]
        return fields


def typed(value: Any) -> Any:
    """A generation argument as what it means: numbers and booleans are texts in some entries, `"32768"`, `"false"`."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value.lower())
    except ValueError:
        return value


@dataclass(frozen=True)
class EvalTask:
    """One evaluation of one model, in the terms of tt-inference-server's eval configuration."""

    task_name: str
    model_name: str
    own_protocol: str = ""  # empty: no task that farm judges
    score_func: ScoreFunc = "score_task_single_key"
    result_keys: Annotated[tuple[str | tuple[str, ...], ...], Field(min_length=1)] = ("acc,none",)
    unit: Literal["percent", "WER"] = "percent"
    tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT_TOLERANCE
    references: tuple[EvalReference, ...] = ()
    runner: Runner = "farm"
    setting: Setting = Setting()
    chosen_protocol: str | None = None  # by a user's own file
    place: str = ""  # file and line, if a user's own file has it

    @property
    def protocol(self) -> str:
        """The protocol to run by default: the one that a reference can be compared under, Tenstorrent's first."""
        if self.chosen_protocol is not None:
            return self.chosen_protocol
        compared = {name for ref in self.references for name in ref.protocols}
        return next((name for name in ("tt", "reason") if name in compared), self.own_protocol)

    @property
    def runs_here(self) -> bool:
        """Whether farm can run it: it generates, and it or lm-eval scores."""
        return self.runner in ("farm", "lm-eval")

    def run_by(self) -> str:
        """What runs the task, in words."""
        return {
            "farm": "farm, which judges it in its sandbox",
            "lm-eval": "farm, and lm-eval scores the answers",
            "agent": f"{self.setting.harness or 'harbor'}; farm import takes harbor's result.json",
            "vision": "lmms-eval, since it needs pictures",
            "audio": "lmms-eval or the media server's own test, since it needs sound",
            "embedding": "mteb, since the answers are vectors",
            "load test": "tt-inference-server's media tests: it measures load and has no answers to judge",
        }[self.runner]


def in_words(setting: Setting) -> str:
    """How a task is asked; empty where that is as the task itself says."""
    parts = [f"{name}={value}" for name, value in setting.gen_kwargs.items()]
    if setting.num_fewshot:
        parts.append(f"{setting.num_fewshot} examples in the prompt")
    parts += [f"{name}={value}" for name, value in setting.metadata.items()]
    if setting.min_context:
        parts.append(f"a context of {setting.min_context} tokens or more")
    return ", ".join(parts)
