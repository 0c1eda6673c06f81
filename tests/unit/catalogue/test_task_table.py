"""The tasks and scores that are imported from tt-inference-server's eval configuration."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import known_evals, tasks_of
from farm.catalogue.task_table import imported_tasks
from tests.support.data import shared


def of_model(model: str, task: str) -> EvalTask:
    return next(found for found in tasks_of(model) if found.task_name == task)


def number(stated: float | str | None) -> float | None:
    """Two rows hold the text of an expression: `100 - 3.91`."""
    if not isinstance(stated, str) or not stated:
        return stated or None
    whole, _, error = stated.partition(" - ")
    return float(whole) - float(error or 0)


def test_each_task_and_score_of_the_configuration_is_there() -> None:
    rows = json.loads(shared("tt_eval_tasks_2026-08-22.json").read_text())
    known = {(task.model_name, task.task_name): task for task in known_evals()}
    scored = 0
    for row in rows:
        task = known[row["model"].rsplit("/", 1)[-1], row["task"]]
        whole: dict[str, float] = {
            ref.label: ref.score for ref in task.references if not ref.subset and "seed" not in ref.protocols
        }
        wanted = {"published": number(row["pub"]), "gpu_reference": number(row["gpu"])}
        found = {label: whole.get(label) for label in wanted}
        assert found == pytest.approx(wanted), (row["model"], row["task"])
        assert all(ref.source and (ref.date or "seed" in ref.protocols) for ref in task.references)
        scored += bool(whole)
    assert (len(rows), scored, len(imported_tasks())) == (154, 132, 154)


def test_who_runs_what() -> None:
    assert Counter(task.runner for task in imported_tasks()) == {
        "lm-eval": 72, "agent": 26, "vision": 23, "load test": 19, "farm": 6, "embedding": 5, "audio": 3,
    }  # fmt: skip
    terminal = of_model("GLM-5.2", "terminal_bench_2_1")
    assert not terminal.runs_here
    assert terminal.run_by().startswith("harbor, dataset terminal-bench/terminal-bench-2-1, agent terminus-2; farm")


@pytest.mark.parametrize(
    ("model", "task", "protocol"),
    [
        ("gemma-3-4b-it", "mbpp_instruct", "mbpp-instruct"),
        ("Qwen2.5-Coder-32B-Instruct", "humaneval_instruct", "humaneval-instruct"),
        ("Llama-3.2-3B-Instruct", "livecodebench", "tt"),
    ],
)
def test_code_tasks_have_a_protocol_that_their_scores_can_be_compared_under(
    model: str, task: str, protocol: str
) -> None:
    found = of_model(model, task)
    assert found.runner == "farm" and found.protocol == protocol
    assert any(protocol in ref.protocols for ref in found.references)


def test_how_a_task_is_asked_is_read_as_lm_eval_reads_it() -> None:
    assert of_model("Qwen3-32B", "r1_aime24").setting.sampling() == {
        "max_tokens": 32768, "stop": (), "temperature": 0.6, "top_p": 0.95, "top_k": 20,
    }  # fmt: skip
    assert of_model("gemma-3-4b-it", "mbpp_instruct").setting.sampling() == {"temperature": 0.0, "max_tokens": 256}
    assert of_model("MiniMax-M3", "r1_gpqa_diamond").setting.sampling()["stop"] == ("[e~[",)


def test_a_score_of_some_documents_names_the_mode() -> None:
    whole, published, subset = of_model("gemma-4-31B-it", "r1_gpqa_diamond").references
    assert (whole.score, whole.subset, published.label) == (83.33, "", "published")
    assert (subset.score, subset.subset, subset.tolerance) == (80.0, "ci-nightly", 0.1)
