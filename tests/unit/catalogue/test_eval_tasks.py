"""Which evaluation a model gets, and what its score may be compared with."""

from __future__ import annotations

import pytest

from farm.catalogue.catalogue import load
from farm.catalogue.eval_tasks import eval_models, eval_task, known_evals, tasks_of
from farm.errors import CatalogueError
from tests.support.data import shared


@pytest.mark.parametrize(
    ("model", "protocol", "published", "gpu"),
    [
        ("Llama-3.2-3B-Instruct", "tt", None, 13.93),
        ("Llama-3.2-3B-Instruct", "seed", 5.4, 5.0),
        ("Llama-3.2-3B-Instruct", "official", None, None),
        ("Qwen2.5-7B-Instruct", "seed", 14.2, None),
        ("Qwen2.5-7B-Instruct", "tt", None, None),
        ("gemma-3-4b-it", "tt", 12.6, 17.91),
        ("gemma-3-27b-it", "tt", 29.7, 32.51),
        ("Qwen2.5-Coder-32B-Instruct", "tt", 31.4, 42.46),
        ("Qwen3.6-27B", "tt", None, None),
        ("Qwen3.6-27B", "reason", 83.9, None),
        ("SmolLM2-135M-Instruct", "tt", None, None),
    ],
)
def test_reference_scores_by_protocol(model: str, protocol: str, published: float | None, gpu: float | None) -> None:
    task = eval_task(model)
    found = {ref.label: ref.score for ref in task.references if protocol in ref.protocols}
    assert (task.task_name, task.model_name) == ("livecodebench", model)
    assert (found.get("published"), found.get("gpu_reference")) == (published, gpu)


def test_a_reference_names_its_source_and_date() -> None:
    ref = eval_task("Llama-3.2-3B-Instruct").references[0]
    assert ref.source == "tenstorrent/tt-inference-server #354 (A100; #311 comment 2991859987)"
    assert ref.date == "2025-06-30"


@pytest.mark.parametrize(
    ("model", "protocol"),
    [
        ("Llama-3.2-3B-Instruct", "tt"), ("Qwen3.6-27B", "reason"), ("Qwen2.5-7B-Instruct", "official"),
        ("SmolLM2-135M-Instruct", "official"),
    ],
)  # fmt: skip
def test_the_default_protocol_is_one_that_a_reference_was_measured_with(model: str, protocol: str) -> None:
    assert eval_task(model).protocol == protocol


@pytest.mark.parametrize("model", eval_models())
def test_every_gpu_reference_is_an_exact_fraction_and_has_a_source(model: str) -> None:
    for ref in eval_task(model).references:
        assert ref.source and ref.protocols
        if ref.hits is not None and ref.problems is not None:
            assert ref.score == round(100 * ref.hits / ref.problems, 2)


def test_how_a_score_is_read_and_gated() -> None:
    task = eval_task("meta-llama/Llama-3.2-3B-Instruct")
    assert (task.score_func, task.result_keys, task.unit, task.tolerance) == (
        "score_task_single_key", ("acc,none",), "percent", 0.05,
    )  # fmt: skip


def test_every_model_with_an_eval_task_is_in_the_catalogue_or_was_in_an_earlier_release() -> None:
    earlier = load([shared("release_model_spec.json.gz")])
    models = {task.model_name for task in known_evals() if task.task_name == "livecodebench"}
    assert models <= {*load().names(), *earlier.names()}


def test_a_model_whose_tasks_are_all_scored_by_others() -> None:
    with pytest.raises(CatalogueError, match=r"judges itself; it has r1_aime24, r1_math500, r1_gpqa_diamond; run"):
        eval_task("Qwen/Qwen3-32B")
    assert [task.runner for task in tasks_of("Qwen/Qwen3-32B")] == ["lm-eval"] * 3


def test_a_model_without_an_eval_task() -> None:
    with pytest.raises(CatalogueError) as caught:
        eval_task("Llama-3.1-70B")
    text = str(caught.value)
    assert text.startswith("Model:=Llama-3.1-70B not found in EVAL_CONFIGS")
    assert "Llama-3.2-3B-Instruct" in text and "--eval-task livecodebench" in text
    assert caught.value.exit_code == 2


def test_a_task_named_explicitly_runs_on_any_model() -> None:
    task = eval_task("meta-llama/Llama-3.1-70B-Instruct", "livecodebench")
    assert (task.task_name, task.model_name, task.references) == ("livecodebench", "Llama-3.1-70B-Instruct", ())
    assert eval_task("Llama-3.2-3B-Instruct", "livecodebench") == eval_task("Llama-3.2-3B-Instruct")


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(CatalogueError, match=r"eval task:=livecodebenhc is not known; choose one of: livecodebench"):
        eval_task("Llama-3.2-3B-Instruct", "livecodebenhc")
