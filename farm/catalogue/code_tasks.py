"""Code tasks of lm-evaluation-harness that farm judges itself, problem by problem, in its sandbox.

lm-eval's own versions execute what a model wrote in the process that holds everything else. Here a task is a
dataset of farm's readers and a protocol with the task's prompt, sampling and extraction, and the names under
which lm-eval (0.4.13, `lm_eval/tasks/humaneval`, `lm_eval/tasks/mbpp`) reports the score. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HubData:
    """Where lm-eval finds the task's documents on the Hugging Face hub."""

    path: str
    name: str | None
    split: str = "test"


@dataclass(frozen=True)
class HarnessTask:
    """One code task. `dataset` is what `--dataset` takes by default, `platform` the part of it that counts."""

    name: str
    dataset: str
    protocol: str
    metrics: tuple[str, ...]
    filter: str
    hub: HubData
    version: float
    platform: str | None = None
    tests: int | None = None  # only so many of a problem's tests are shown and judged; None: all

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of lm-eval's results, such as `pass@1,create_test`."""
        return tuple(f"{metric},{self.filter}" for metric in self.metrics)


_HUMANEVAL = HubData("openai/openai_humaneval", None)
_HUMANEVAL_PLUS = HubData("evalplus/humanevalplus", None)
_MBPP = HubData("google-research-datasets/mbpp", "full")
_MBPP_PLUS = HubData("evalplus/mbppplus", None)


def _humaneval(name: str, protocol: str, hub: HubData, dataset: str, version: float) -> HarnessTask:
    return HarnessTask(name, dataset, protocol, ("pass@1",), "create_test", hub, version)


def _mbpp(name: str, protocol: str, chosen: str, hub: HubData, dataset: str, tests: int = 3) -> HarnessTask:
    platform = "mbpp-test" if dataset == "mbpp" else None
    return HarnessTask(name, dataset, protocol, ("pass_at_1",), chosen, hub, 1.0, platform, tests)


HARNESS_TASKS = {
    task.name: task
    for task in (
        HarnessTask(
            "livecodebench", "livecodebench", "seed@1", ("acc", "pass@1"), "none",
            HubData("livecodebench/code_generation_lite", None), 1.0,
        ),
        _humaneval("humaneval", "humaneval@1", _HUMANEVAL, "humaneval", 1.0),
        _humaneval("humaneval_instruct", "humaneval-instruct@1", _HUMANEVAL, "humaneval", 4.0),
        _humaneval("humaneval_plus", "humaneval@1", _HUMANEVAL_PLUS, "humaneval_plus", 1.0),
        _mbpp("mbpp", "mbpp@1", "none", _MBPP, "mbpp"),
        _mbpp("mbpp_instruct", "mbpp-instruct@1", "extract_code", _MBPP, "mbpp"),
        _mbpp("mbpp_plus", "mbpp@1", "none", _MBPP_PLUS, "mbpp_plus"),
        # Shows the model one assertion, and judges by that one
        _mbpp("mbpp_plus_instruct", "mbpp-plus-instruct@1", "extract_code", _MBPP_PLUS, "mbpp_plus", tests=1),
    )
}  # fmt: skip
