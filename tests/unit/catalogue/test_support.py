"""Pairs that Tenstorrent's `tt` marks broken, and devices that are served as another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from farm.catalogue.catalogue import Catalogue, load
from farm.catalogue.support import read_support
from farm.errors import CatalogueError
from tests.support.data import shared

IMAGE = "registry.example/server:1"


def release(path: Path, image: str = IMAGE) -> Path:
    entry = {
        "impl": {"impl_name": "tt"},
        "docker_image": image,
        "device_model_spec": {"max_concurrency": 8, "max_context": 1024, "default_impl": True},
    }
    path.write_text(
        json.dumps({"release_version": "9.9.0", "model_specs": {"org/M": {"P300X2": {"vLLM": {"tt": entry}}}}})
    )
    return path


def support(path: Path, devices: dict[str, Any]) -> None:
    models = [{"name": "M", "hf_repo": "org/M", "devices": devices}]
    path.write_text(json.dumps({"schema_version": 1, "release_version": "9.9.0", "models": models}))


@pytest.fixture(scope="module")
def builtin() -> Catalogue:
    return load()


@pytest.mark.parametrize(
    ("model", "device", "said"),
    [
        ("gpt-oss-120b", "p300x2", "The vLLM container never reaches a healthy state."),
        ("openai/gpt-oss-120b", "BH QuietBox 2", "The vLLM container never reaches a healthy state."),
        ("DeepSeek-R1-Distill-Llama-70B", "p150x4", "Both four-chip Blackhole meshes are known bad"),
        ("Llama-3.1-70B-Instruct", "p300x2", "Use Llama-3.3-70B-Instruct instead."),
    ],
)
def test_a_broken_pair_is_refused_with_reason_and_date(builtin: Catalogue, model: str, device: str, said: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        builtin.resolve(model, device)
    for part in (said, "2026-08-14", "support list of release 0.25.0", "--force"):
        assert part in str(caught.value)
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
    assert builtin.resolve(model, device, force=True).repo.endswith(model.rpartition("/")[2])


@pytest.mark.parametrize("model", ["gemma-4-31B-it", "Qwen3.8-27B", "Llama-3.3-70B-Instruct", "Llama-3.1-8B"])
def test_a_device_is_served_as_another_one(builtin: Catalogue, model: str) -> None:
    assert builtin.spec(model, "p150x4") == builtin.spec(model, "p300x2")


def test_the_builtin_list_says_what_the_release_says_of_text_models(builtin: Catalogue) -> None:
    theirs = read_support(shared("tt_model_support_1.2.1.json"))
    repos = {spec.repo for spec in builtin.specs}
    assert dict(builtin.support.broken) == {pair: mark for pair, mark in theirs.broken.items() if pair[0] in repos}
    assert dict(builtin.support.serve_as) == {pair: to for pair, to in theirs.serve_as.items() if pair[0] in repos}
    assert len(builtin.support.broken) == 7 and len(builtin.support.serve_as) == 9


def test_a_list_next_to_the_release_file_counts_for_it(tmp_path: Path) -> None:
    path = release(tmp_path / "release_model_spec.json")
    mark = {"reason": "broken", "details": "it hangs", "verified_on": "2026-11-01"}
    support(tmp_path / "model_support.json", {
        "p300x2": {"supported": False, "unsupported": mark, "docker_image": IMAGE}, "p150x4": {"serve_as": "p300x2"},
    })  # fmt: skip
    with pytest.raises(CatalogueError, match=r"it hangs \(seen 2026-11-01, support list of release 9\.9\.0\)"):
        load([path]).spec("M", "p300x2")
    with pytest.raises(CatalogueError, match="it hangs"):
        load([path]).spec("M", "p150x4")


def test_another_image_than_the_one_that_failed_may_run(tmp_path: Path) -> None:
    path = release(tmp_path / "release_model_spec.json", image="registry.example/server:2")
    support(tmp_path / "model_support.json", {"p300x2": {"supported": False, "docker_image": IMAGE}})
    assert load([path]).spec("M", "p300x2").docker_image == "registry.example/server:2"


@pytest.mark.parametrize("content", ["", "[]", '{"models": 3}', '{"models": [{"devices": {"n150": 1}}]}'])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    path = release(tmp_path / "release_model_spec.json")
    (tmp_path / "model_support.json").write_text(content)
    with pytest.raises(CatalogueError, match=r"model_support\.json: cannot read the support list"):
        load([path])
