"""Names of lm-eval's tasks, without lm-eval."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.config import load
from farm.datasets.store import BlobStore
from farm.errors import ConfigError, EnvironmentMissing
from farm.lm_eval.runs.group import plan_group
from farm.lm_eval.runs.task import TaskChoice, plan_lm_eval_task
from farm.lm_eval.runs.task_names import check_name, is_group, is_known, kinds, own_tasks


def test_a_wrong_name_says_which_one_was_meant() -> None:
    with pytest.raises(ConfigError, match=r"lm-eval has no task gsm8kk; did you mean gsm8k"):
        check_name("gsm8kk")
    with pytest.raises(ConfigError, match=r"no task r1_gpqa_diamon; did you mean r1_gpqa_diamond"):
        check_name("r1_gpqa_diamon")
    with pytest.raises(ConfigError, match=r"no task [^;]*; for one of your own: --include-path"):
        check_name("zzzzzzzzzzzzzzzz")


@pytest.mark.parametrize("name", ["gsm8k", "mmlu_pro", "mmlu_stem_generative", "r1_aime24", "ifeval", "aime25"])
def test_what_farm_can_run_is_let_through(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hellaswag", "is of type multiple_choice"), ("wikitext", "is of type loglikelihood_rolling"),
        ("bigcodebench_none", "has no task"), ("squadv2", "is a Python class"),
        ("humaneval_64", "executes what the model wrote"),
    ],
)  # fmt: skip
def test_what_farm_cannot_run_is_refused_by_its_kind(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        check_name(name)


def test_groups_are_told_from_tasks(tmp_path: Path) -> None:
    assert is_group("mmlu_pro") and is_group("ruler") and is_group("mmlu_stem_generative")
    assert not is_group("gsm8k") and not is_group("mine")
    (tmp_path / "mine.yaml").write_text("group: mine\ntask: [a, b]\n")
    (tmp_path / "folder.yaml").mkdir()
    assert is_group("mine", tmp_path) and not is_group("other", tmp_path)
    assert is_known("gsm8k") and is_known("r1_math500") and not is_known("longbench2_generate")
    assert set(own_tasks()) == {"r1_aime24", "r1_gpqa_diamond", "r1_math500"} and len(kinds()) > 14_000


@pytest.mark.parametrize(
    ("task", "error"),
    [("gsm8k", EnvironmentMissing), ("gsm8", ConfigError), ("r1_aime24", EnvironmentMissing)],
)
def test_a_dry_run_makes_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, error: type[ConfigError]
) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    said: list[str] = []
    choice = TaskChoice(task, environment="EVALS_REASON")
    with pytest.raises(ConfigError) as caught:
        plan_lm_eval_task(
            load(), BlobStore(tmp_path / "blobs"), choice, "m", n=None, seed=None, limit=None, say=said.append,
            install=False,
        )  # fmt: skip
    assert type(caught.value) is error and said == []
    assert not (tmp_path / "environments").exists()


def test_a_group_of_tasks_with_pictures_is_refused_before_its_environment_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    said: list[str] = []
    with pytest.raises(ConfigError, match=r"task mmmu_val needs pictures \(EVALS_VISION\), and the server of m takes"):
        plan_group(load(), TaskChoice("mmmu_val"), "m", said.append, install=True)
    assert said == [] and not (tmp_path / "environments").exists()
