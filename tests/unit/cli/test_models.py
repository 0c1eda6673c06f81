"""`farm models` and `farm models show`, as a user sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.catalogue.devices import DEVICES
from farm.cli.serve.models import models
from farm.errors import CatalogueError, FarmError


def said(*arguments: str, **env: str) -> str:
    result = CliRunner(env=env).invoke(models, arguments)
    if isinstance(result.exception, FarmError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_and_one_device() -> None:
    assert len(said().splitlines()) == 28
    assert "Llama-3.2-3B-Instruct  n300 32@131072" in said("--device", "N300").splitlines()
    assert said("--device", "wormhole galaxy") == said("--device", "GALAXY")


@pytest.mark.parametrize("device", DEVICES)
def test_each_device_is_listed_or_said_to_have_no_model(device: str) -> None:
    try:
        assert said("--device", device.upper()) == said("--device", device)
    except CatalogueError as exc:
        assert device in str(exc).lower()


def test_show_says_what_serves_a_model_and_what_others_measured() -> None:
    text = said("show", "llama-3.2-3b-instruct", "--device", "N300")
    for expected in (
        "repo: meta-llama/Llama-3.2-3B-Instruct", "device n300 (vLLM, tt-transformers, default): FUNCTIONAL",
        "32 requests at a time, 131072 tokens of context", "VLLM_API_KEY, else a token from JWT_SECRET",
        "weights need HF_TOKEN: yes", "ready within 3600 s; needs 7.5 GB of memory and 26 GB of disk",
        "vllm-tt-metal-src-release-ubuntu-22.04-amd64:0.3.0-20edc39-03cb300", "tt-metal 20edc39, vLLM 03cb300",
        "first token after 20 ms, 109 tokens/s a user", "score_task_single_key of acc,none, in percent",
        "tolerance 0.05", "GPU reference: 13.93 (147 of 1055), protocol tt, 2025-06-30",
        "published: 5.4, protocol seed, date unknown",
    ):  # fmt: skip
        assert expected in text
    assert "device t3k" not in text and "device t3k" in said("show", "Llama-3.2-3B-Instruct")
    assert "it has no eval task" in said("show", "Qwen2.5-72B")
    assert "never a token from JWT_SECRET" in said("show", "Falcon3-7B-Instruct")


def test_show_names_the_tasks_of_other_programs_and_where_scores_are_from() -> None:
    text = said("show", "gemma-4-31B-it")
    for expected in (
        "eval task r1_gpqa_diamond: run by farm, and lm-eval scores the answers",
        "asked with: max_gen_toks=126976", "GPU reference: 80, on the documents of ci-nightly, 2026-08-22",
        "eval task terminal_bench_2: run by harbor, dataset terminal-bench/terminal-bench-2, agent terminus-2",
        "farm import takes harbor's result.json",
    ):  # fmt: skip
        assert expected in text
    assert "eval task mbpp_instruct: protocol mbpp-instruct" in said("show", "gemma-3-27b-it")
    assert "run by lmms-eval, since it needs pictures" in said("show", "gemma-3-27b-it")


def test_show_knows_a_users_own_file_from_the_option_and_the_variable(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("evals:\n- {model: QwQ-32B, tolerance: 0.1}\n")
    for text in (said("show", "QwQ-32B", "--catalogue", str(own)), said("show", "QwQ-32B", FARM_CATALOGUE=str(own))):
        assert f"eval task livecodebench ({own}:2)" in text and "90% of the reference" in text
    own.write_text("evals:\n- model: QwQ-32B\n  protocol: oficial\n")
    with pytest.raises(CatalogueError, match=r"own\.yaml:3: .*oficial"):
        said("show", "QwQ-32B", "--catalogue", str(own))


def test_mistakes() -> None:
    with pytest.raises(CatalogueError, match="did you mean Llama-3"):
        said("show", "Lama-3.2-3B")
    with pytest.raises(CatalogueError, match="does not support device:=n150"):
        said("show", "QwQ-32B", "--device", "n150")
