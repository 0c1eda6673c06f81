"""Results of harbor's jobs: which errors are a trial's outcome, and which are the host's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from farm.datasets.harbor import is_harbor, read_harbor
from farm.errors import DatasetError
from farm.records import Verdict
from tests.support.harbor.job import job, trial, write_job


@pytest.mark.parametrize(
    ("rewards", "errors", "verdict"),
    [
        ({"reward": 1.0}, [], Verdict.PASSED),
        ({"reward": 0}, [], Verdict.WRONG_ANSWER),
        ({"reward": 0.5}, [], Verdict.WRONG_ANSWER),
        ({"reward": 1, "style": 0}, [], Verdict.PASSED),
        ({"a": 1, "b": 0}, [], Verdict.WRONG_ANSWER),
        ({"reward": 0.0}, ["AgentTimeoutError"], Verdict.TIME_LIMIT),
        ({"reward": 1.0}, ["AgentTimeoutError"], Verdict.PASSED),
        (None, ["AgentTimeoutError"], Verdict.TIME_LIMIT),
        (None, ["NonZeroAgentExitCodeError"], Verdict.RUNTIME_ERROR),
        (None, ["ContextWindowExceededError"], Verdict.OUTPUT_LIMIT),
        ({"reward": 0.0}, ["ApiRateLimitError"], None),  # the model server's doing
        ({"reward": 1.0}, ["VerifierTimeoutError"], None),
        (None, ["EnvironmentStartTimeoutError"], None),
        (None, ["AgentTimeoutError", "CancelledError"], None),
        (None, [], None),
        ({}, [], None),
    ],
)
def test_a_trials_outcome(tmp_path: Path, rewards: Any, errors: list[str], verdict: Verdict | None) -> None:
    path = write_job(tmp_path, [trial("one", rewards=rewards, errors=errors)])
    [found] = read_harbor(path)
    [only] = found.trials
    assert only.verdict is verdict
    assert verdict is not None or only.reason


def test_what_harbor_says_of_a_rewards_validity_comes_first(tmp_path: Path) -> None:
    rows = [
        {**trial("one", rewards={"reward": 1}, errors=["SomethingNew"]), "reward_valid": True},
        {**trial("two", rewards={"reward": 1}), "reward_valid": False},
    ]
    [found] = read_harbor(write_job(tmp_path, rows))
    assert [each.verdict for each in found.trials] == [Verdict.PASSED, None]


def test_attempts_models_and_datasets_are_told_apart(tmp_path: Path) -> None:
    rows = [
        trial("a", rewards={"reward": 1}, number=1), trial("a", rewards={"reward": 0}, number=2),
        trial("a", rewards={"reward": 1}, model="other"), trial("b", rewards={"reward": 1}, source="swe/bench"),
    ]  # fmt: skip
    found = read_harbor(write_job(tmp_path, rows))
    assert [(each.model, each.dataset, len(each.trials)) for each in found] == [
        ("m", "terminal-bench/terminal-bench-2-1", 2), ("other", "terminal-bench/terminal-bench-2-1", 1),
        ("m", "swe/bench", 1),
    ]  # fmt: skip


def test_a_job_without_its_trials_files_says_the_same(tmp_path: Path) -> None:
    rows = [
        trial("a", rewards={"reward": 1.0}, number=1), trial("a", rewards={"reward": 0.0}, number=2),
        trial("b", rewards={"reward": 0.0}, errors=["AgentTimeoutError"], number=3),
        trial("c", errors=["SandboxBuildFailedError"], number=4),
    ]  # fmt: skip
    whole = read_harbor(write_job(tmp_path / "whole", rows))
    alone = read_harbor(write_job(tmp_path / "alone", rows, files=False))
    assert [(t.task, t.verdict) for t in whole[0].trials] == [(t.task, t.verdict) for t in alone[0].trials]
    assert (alone[0].agent, alone[0].model, alone[0].dataset) == (whole[0].agent, whole[0].model, whole[0].dataset)
    assert whole[0].mean == 0.25 and whole[0].pass_at_k is None


def test_a_host_at_fault_is_no_verdict_either_way(tmp_path: Path) -> None:
    rows = [
        trial("a", rewards={"reward": 0.0}, errors=["ApiRateLimitError"], number=1),
        trial("b", rewards={"reward": 1.0}, errors=["VerifierTimeoutError"], number=2),
    ]
    for files in (True, False):
        [found] = read_harbor(write_job(tmp_path / str(files), rows, files=files))
        assert [(each.task, each.verdict) for each in found.trials] == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    "stats", [{}, {"reward_stats": {"reward": {"1.0": 7}}, "exception_stats": {"CancelledError": None}}]
)
def test_statistics_that_name_no_trial_are_refused(tmp_path: Path, stats: dict[str, Any]) -> None:
    path = write_job(tmp_path, [trial("a", rewards={"reward": 1})], files=False)
    value = json.loads(path.read_text())
    value["stats"]["evals"] = {"a__m__d": stats}
    path.write_text(json.dumps(value))
    with pytest.raises(DatasetError, match="the job has no trials"):
        read_harbor(path)


def test_what_is_no_finished_job_is_refused(tmp_path: Path) -> None:
    path = write_job(tmp_path, [trial("a", rewards={"reward": 1})])
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "stats": {**value["stats"], "n_pending_trials": 3}}))
    with pytest.raises(DatasetError, match="the job is not finished: 3 of 1 trials are not done"):
        read_harbor(path)
    path.write_text(json.dumps({**job([]), "trial_results": []}))
    with pytest.raises(DatasetError, match="the job has no trials"):
        read_harbor(path)
    (tmp_path / "trial-0" / "result.json").write_text('{"task_name": 3}')
    path.write_text(json.dumps(value))
    with pytest.raises(DatasetError, match="a trial without trial_name and task_name"):
        read_harbor(path)
    value["stats"]["evals"] = {"a__m__d": {"reward_stats": {"reward": {"much": ["a__1234567"]}}}}
    (tmp_path / "trial-0" / "result.json").unlink()
    path.write_text(json.dumps(value))
    with pytest.raises(DatasetError, match="a reward that is no number: much"):
        read_harbor(path)


def test_other_files_are_none_of_harbors(tmp_path: Path) -> None:
    for name, text in (("a.json", "[]"), ("b.json", "{"), ("c.json", '{"stats": 1}'), ("d.jsonl", "{}")):
        (tmp_path / name).write_text(text)
        assert not is_harbor(tmp_path / name)
    assert is_harbor(write_job(tmp_path, [trial("a")]))
