"""Requests: what they refuse at once, and what they leave to the protocol."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from farm import protocols
from farm.app.requests import GateRequest, Judging, ModelChoice, ProblemChoice, RunOptions, SubmitRequest
from farm.app.submit import prepare
from farm.config import load
from farm.datasets.select import Selection
from farm.errors import ConfigError
from farm.lm_eval.runs.task import TaskChoice
from farm.records import JudgeSpec, Limits, Sampling
from farm.screen.terminal import Terminal

MODEL = ModelChoice("Llama-3.2-3B-Instruct", "n300")


def test_what_was_not_chosen_is_the_protocols() -> None:
    tt = protocols.get("tt")
    assert Judging().judge_of(tt) == tt.judge
    assert Judging(JudgeSpec(stop="all")).judge_of(tt) == tt.judge.model_copy(update={"stop": "all"})


def test_a_detached_run_takes_no_option_that_only_this_process_could_follow() -> None:
    assert RunOptions(detach=True).on(("http://a",)).drive.servers == ("http://a",)
    for options in ({"workers": 2}, {"out": Path("out")}):
        with pytest.raises(ConfigError, match="--detach leaves out"):
            RunOptions(detach=True, **options)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "one thing"),
        ({"against": ("a",), "reference": True}, "one thing"),
        ({"reference": True}, "wants a run"),
        ({"against": ("a", "b"), "run_id": "c"}, "for --sequential"),
        ({"reference": True, "sequential": True}, "single problems"),
    ],
)
def test_a_gate_needs_one_thing_to_hold_a_run_against(given: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        GateRequest(**given)  # type: ignore[arg-type]


def test_a_code_task_takes_no_option_of_lm_eval() -> None:
    with pytest.raises(ConfigError, match="--env, --num-fewshot: only for a --task that lm-eval scores"):
        TaskChoice("humaneval", environment="EVALS", num_fewshot=1)
    assert TaskChoice("gsm8k", environment="EVALS", num_fewshot=1).code_task is None


def test_a_task_that_lm_eval_scores_refuses_every_choice_that_would_be_ignored(tmp_path: Path) -> None:
    request = SubmitRequest(
        model=MODEL,
        problems=ProblemChoice("sample", "v6", Selection(date_from=date(2025, 1, 1)), "public", True, True),
        task=TaskChoice("gsm8k"),
        sampling=Sampling(n=2, seed=1, temperature=0.5, stop=("x",)),
        ks=(1,),
        judging=Judging(JudgeSpec(mode="lcb", stop="all"), Limits(cpu_s=1.0), cache=False),
    )
    with pytest.raises(ConfigError) as caught:
        prepare(load({"FARM_HOME": str(tmp_path), "HOME": "/nonexistent"}), request, Terminal(), ask=False)
    flags = (
        "--dataset, --release, --from, --exclude-errata, --tests, --skip-bad-rows, --k, --no-cache, --temperature, "
        "--stop, --judge, --all-tests, --cpu-limit"
    )
    assert caught.value.message.startswith(f"{flags}: lm-eval's task gsm8k says that itself")


def test_a_task_brings_its_protocol(tmp_path: Path) -> None:
    settings = load({"FARM_HOME": str(tmp_path), "HOME": "/nonexistent"})
    for name in ("humaneval", "gsm8k"):
        request = SubmitRequest(model=MODEL, task=TaskChoice(name), protocol="tt")
        with pytest.raises(ConfigError, match="--task brings its own protocol"):
            prepare(settings, request, Terminal(), ask=False)
