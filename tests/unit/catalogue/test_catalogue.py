"""Which model resolves to what, and what is said when none does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from farm.catalogue.catalogue import Catalogue, load
from farm.catalogue.devices import DEVICES, device_name
from farm.catalogue.model_spec import TEXT_TYPES, ModelSpec, read_specs
from farm.errors import CatalogueError
from tests.support.data import shared

K = 1024
AUTH = {"vLLM": "jwt", "forge": "literal", "llama.cpp": "key"}

# The table of the server's catalogue at 0.25.0, by hand: model, device -> concurrency, context, engine
TABLE = [
    ("Llama-3.2-1B-Instruct", "n150", 32, 128 * K, "vLLM"),
    ("Llama-3.2-3B-Instruct", "n300", 32, 128 * K, "vLLM"),
    ("Llama-3.2-3B-Instruct", "t3k", 32, 128 * K, "vLLM"),
    ("Llama-3.2-3B", "n150", 32, 128 * K, "vLLM"),
    ("Llama-3.1-8B-Instruct", "n150", 32, 64 * K, "vLLM"),
    ("Llama-3.1-8B-Instruct", "gpu", 32, 128 * K, "vLLM"),
    ("Llama-3.1-8B-Instruct", "p150x8", 256, 128 * K, "vLLM"),
    ("Llama-3.3-70B-Instruct", "galaxy", 32, 128 * K, "vLLM"),
    ("Qwen3-8B", "galaxy", 128, 40 * K, "vLLM"),
    ("Qwen3-8B", "n150", 32, 40 * K, "vLLM"),
    ("Qwen3-32B", "galaxy", 32, 128 * K, "vLLM"),
    ("QwQ-32B", "galaxy", 128, 128 * K, "vLLM"),
    ("Qwen2.5-72B-Instruct", "t3k", 32, 128 * K, "vLLM"),
    ("Mistral-7B-Instruct-v0.3", "n300", 32, 32 * K, "vLLM"),
    ("gemma-4-31B-it", "p300x2", 32, 256 * K, "vLLM"),
    ("DeepSeek-R1-0528", "galaxy", 256, 2 * K, "vLLM"),
    ("DeepSeek-R1-0528", "dual_galaxy", 256, 32 * K, "vLLM"),
    ("DeepSeek-R1-0528", "quad_galaxy", 512, 32 * K, "vLLM"),
    ("AFM-4.5B", "t3k", 32, 64 * K, "vLLM"),
    ("Falcon3-7B-Instruct", "p150", 32, 32 * K, "forge"),
    ("SmolLM2-135M-Instruct", "cpu", 4, 2 * K, "llama.cpp"),
    ("gemma-4-31B-it", "blackhole_galaxy", 128, 256 * K, "vLLM"),
    ("gemma-4-12B-it", "p300x2", 32, 256 * K, "vLLM"),
    ("gemma-3-27b-it", "galaxy", 32, 128 * K, "vLLM"),
    ("Qwen3.8-27B", "p300x2", 16, 256 * K, "vLLM"),
    ("Qwen3.6-27B", "p300x2", 32, 256 * K, "vLLM"),
    ("Qwen3-32B", "blackhole_galaxy", 32, 128 * K, "vLLM"),
    ("Qwen3-VL-32B-Instruct", "t3k", 32, 128 * K, "vLLM"),
    ("diffusiongemma-26B-A4B-it", "p300x2", 1, 256 * K, "vLLM"),
    ("gpt-oss-120b", "t3k", 1, 16 * K, "vLLM"),
]


@pytest.fixture(scope="module")
def builtin() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def released() -> Catalogue:
    return load([shared("release_model_spec_0.25.0.json.gz")])


@pytest.mark.parametrize("which", ["builtin", "released"])
@pytest.mark.parametrize(("model", "device", "concurrency", "context", "engine"), TABLE)
def test_table(
    request: pytest.FixtureRequest, which: str, model: str, device: str, concurrency: int, context: int, engine: str
) -> None:
    catalogue: Catalogue = request.getfixturevalue(which)
    served = catalogue.resolve(model, device)
    assert (served.name, served.device) == (model, device)
    assert (served.max_concurrency, served.max_context, served.engine) == (concurrency, context, engine)
    assert served.repo.endswith(f"/{model}")
    assert catalogue.spec(model, device).auth_style == AUTH[engine]
    assert catalogue.resolve(model.upper(), device.upper()) == served


def test_all_specs_of_the_release_load(released: Catalogue) -> None:
    assert len([spec for spec in released.specs if spec.device != "cpu"]) == 169
    assert len({spec.repo for spec in released.specs if spec.device != "cpu"}) == 49
    texts = [spec for spec in released.specs if spec.model_type in TEXT_TYPES and spec.device != "cpu"]
    assert (len(texts), len({spec.repo for spec in texts})) == (100, 27)
    assert {spec.device for spec in released.specs} <= set(DEVICES)


def old_image(spec: ModelSpec) -> bool:
    return spec.engine == "vLLM" and tuple(int(n) for n in (spec.version or "9.9").split(".")[:2]) < (0, 11)


def test_the_builtin_table_says_what_the_release_says(builtin: Catalogue, released: Catalogue) -> None:
    def facts(spec: ModelSpec) -> tuple[Any, ...]:
        return (
            spec.repo, spec.device, spec.engine, spec.impl, spec.model_id, spec.status, spec.default_impl,
            spec.max_concurrency, spec.max_context, spec.tensor_cache_timeout_s, spec.reasoning_parser,
            spec.docker_image, spec.version, spec.tt_metal_commit, spec.vllm_commit, spec.min_disk_gb, spec.min_ram_gb,
            spec.perf_references, spec.eval_max_retries, spec.has_builtin_warmup, spec.impl_id,
            tuple((issue.workflow_type, issue.task_name) for issue in spec.known_issues),
            (spec.env_vars, spec.vllm_args) if old_image(spec) else (),
        )  # fmt: skip

    theirs = {facts(spec) for spec in released.specs if spec.model_type in TEXT_TYPES}
    assert {facts(spec) for spec in builtin.specs} == theirs


def test_a_release_file_still_has_the_models_for_a_cpu(released: Catalogue) -> None:
    assert released.resolve("SmolLM2-135M-Instruct", "CPU").repo == "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.mark.parametrize(
    "model", ["Llama-3.2-3B-Instruct", "meta-llama/Llama-3.2-3B-Instruct", "llama-3.2-3b-instruct"]
)
@pytest.mark.parametrize("device", ["n300", "N300", " n300 "])
def test_names_in_any_form(builtin: Catalogue, model: str, device: str) -> None:
    served = builtin.resolve(model, device)
    assert (served.name, served.repo, served.device, served.chat) == (
        "Llama-3.2-3B-Instruct", "meta-llama/Llama-3.2-3B-Instruct", "n300", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "chat"),
    [
        ("Llama-3.2-3B", False), ("Llama-3.1-70B", False), ("Qwen2.5-72B", False), ("Llama-3.1-8B", False),
        ("Qwen3-32B", True), ("gpt-oss-120b", True), ("QwQ-32B", True), ("AFM-4.5B", True),
        ("DeepSeek-R1-0528", True), ("gemma-3-27b-it", True),
    ],
)  # fmt: skip
def test_base_models_get_completions(builtin: Catalogue, model: str, chat: bool) -> None:
    spec = builtin.of_model(model)[0]
    assert builtin.resolve(model, spec.device, force=True).chat is chat


# --- the selection rule -------------------------------------------------------------------------


def test_the_default_impl_wins_and_others_can_be_named(builtin: Catalogue) -> None:
    assert builtin.resolve("Qwen3-32B", "galaxy").max_concurrency == 32
    assert builtin.resolve("Qwen3-32B", "galaxy", impl="tt-transformers").max_concurrency == 128
    assert builtin.resolve("Qwen3-32B", "galaxy", impl="TT_transformers").max_concurrency == 128
    assert builtin.resolve("gemma-4-31B-it", "p300x2").max_concurrency == 32
    assert builtin.resolve("gemma-4-31B-it", "p300x2", impl="gemma4-31b-qb2").max_concurrency == 1


def test_a_choice_that_is_open_and_one_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "specs.json"
    path.write_text(json.dumps({"org/M": {"N150": {"vLLM": {"a": spec(impl="a"), "b": spec(impl="b")}}}}))
    catalogue = load([path])
    with pytest.raises(CatalogueError, match=r"^Model:=M does not have a default impl, you must pass --impl") as caught:
        catalogue.resolve("M", "n150")
    assert "--impl a" in str(caught.value) and "--impl b" in str(caught.value)
    assert catalogue.spec("M", "n150", impl="b").impl == "b"
    assert catalogue.spec("M", "n150", engine="vLLM").impl == "a"
    with pytest.raises(CatalogueError, match=r"no impl:=c on device:=n150.*--impl a"):
        catalogue.resolve("M", "n150", impl="c")


# --- errors in the words of the seed document ---------------------------------------------------


def test_unsupported_device_lists_what_is_supported(builtin: Catalogue) -> None:
    with pytest.raises(CatalogueError) as caught:
        builtin.resolve("Qwen3-32B", "n300")
    text = str(caught.value)
    assert text.startswith("model:=Qwen3-32B does not support device:=n300")
    assert "it supports blackhole_galaxy, galaxy, galaxy_t3k" in text
    assert "on n300: Qwen3-8B" in text
    assert caught.value.exit_code == 2


def test_a_device_that_does_not_exist_is_not_supported(builtin: Catalogue) -> None:
    with pytest.raises(CatalogueError, match=r"^model:=Llama-3\.2-3B does not support device:=n3000; it supports n150"):
        builtin.resolve("Llama-3.2-3B", "n3000")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("Llama-3.2-3B-Instuct", "Llama-3.2-3B-Instruct"),
        ("meta-llama/Llama-3.2-3b-instruct-v2", "Llama-3.2-3B-Instruct"),
    ],
)
def test_an_unknown_model_names_near_ones(builtin: Catalogue, asked: str, near: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        builtin.resolve(asked, "n300")
    assert str(caught.value).startswith(f"Model:={asked} not found in EVAL_CONFIGS")
    assert f"did you mean {near}" in str(caught.value)


def test_a_model_like_no_other_is_still_one_line(builtin: Catalogue) -> None:
    with pytest.raises(CatalogueError) as caught:
        builtin.resolve("zzz\n\x1b[31m" + "q" * 500, "n300")
    assert "did you mean" not in str(caught.value)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_model_that_does_not_answer_with_text(released: Catalogue) -> None:
    image = next(spec for spec in released.specs if spec.model_type == "IMAGE")
    with pytest.raises(CatalogueError, match="it is of type IMAGE"):
        released.resolve(image.name, image.device)


# --- devices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_in_any_case(device: str) -> None:
    assert device_name(device.upper()) == device_name(device.replace("_", "-")) == device


@pytest.mark.parametrize(
    ("product", "device"),
    [
        ("WH Galaxy", "galaxy"), ("BH Galaxy", "blackhole_galaxy"), ("Galaxy Blackhole", "blackhole_galaxy"),
        ("Dual WH Galaxy", "dual_galaxy"), ("Quad WH Galaxy", "quad_galaxy"),
        ("BH LoudBox", "p150x8"), ("TT-LoudBox", "t3k"), ("WH LoudBox/QuietBox", "t3k"), ("T3000", "t3k"),
        ("BH QuietBox", "p150x4"), ("BH 4xP150", "p150x4"), ("BH QuietBox 2", "p300x2"), ("TT-QuietBox 2", "p300x2"),
        ("QuietBox2", "p300x2"), ("QB2", "p300x2"), ("bh_quietbox_2", "p300x2"), ("Blackhole P300", "p300"),
        ("Wormhole n300", "n300"), ("p150b", "p150"), ("P300C", "p300"), ("n150 x4", "n150_x4"),
        ("Wormhole LoudBox", "t3k"), ("blackhole-quietbox-2", "p300x2"), ("GPU", "gpu"), ("e75", "e75"),
    ],
)  # fmt: skip
def test_product_names(product: str, device: str) -> None:
    assert device_name(product) == device_name(product.upper()) == device


def test_models_of_a_device(builtin: Catalogue) -> None:
    assert builtin.names("CPU") == ("SmolLM2-135M-Instruct",)
    assert "Llama-3.2-3B-Instruct" in builtin.names("n300")
    assert len(builtin.names()) == 28


# --- the three forms of the file ----------------------------------------------------------------


def spec(impl: str = "tt-transformers", **device: Any) -> dict[str, Any]:
    fields = {"max_concurrency": 32, "max_context": 1024, "default_impl": False, **device}
    return {"impl": {"impl_id": impl, "impl_name": impl}, "device_model_spec": fields}


def test_wrapped_bare_flat_and_gzip_are_the_same(tmp_path: Path) -> None:
    inner = json.loads(gzip.decompress(shared("release_model_spec_0.25.0.json.gz").read_bytes()))["model_specs"]
    flat = {
        entry["model_id"]: {key: value for key, value in entry.items() if key != "model_id"}
        for devices in inner.values()
        for engines in devices.values()
        for impls in engines.values()
        for entry in impls.values()
    }
    for name, value in (
        ("bare", inner),
        ("flat", flat),
        ("wrapped", {"schema_version": "0.1.0", "model_specs": inner}),
    ):
        (tmp_path / name).write_text(json.dumps(value))
    expected = read_specs(shared("release_model_spec_0.25.0.json.gz"))
    assert read_specs(tmp_path / "bare") == read_specs(tmp_path / "wrapped") == expected
    assert set(read_specs(tmp_path / "flat")) == set(expected)


def test_numbers_that_are_texts_and_nulls_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "specs.json"
    entry = spec(max_context="2048", tensor_cache_timeout=None, known_issues=None, eval_max_retries=None)
    path.write_text(json.dumps({"org/M": {"N150": {"vLLM": {"a": entry | {"metadata": None}}}}}))
    (found,) = read_specs(path)
    assert (found.max_context, found.tensor_cache_timeout_s, found.model_id) == (
        2048, 3600.0, "id_tt-transformers_M_n150",
    )  # fmt: skip


def test_waivers_of_a_model_are_kept(released: Catalogue) -> None:
    issues = released.spec("gpt-oss-120b", "galaxy").known_issues
    assert [(issue.workflow_type, issue.task_name) for issue in issues] == [
        ("EVALS", "aime25"), ("EVALS", "gpqa_diamond_cot_zeroshot"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot read the model catalogue"),
        ("{", "cannot read the model catalogue"),
        ("[]", "no JSON object"),
        ("{}", "is empty"),
        ('{"model_specs": 3}', "no JSON object"),
        ('{"org/M": {"N150": 3}}', "org/M/N150: expected an object, found 3"),
        ('{"org/M": {"N150": {"vLLM": {"a": 3}}}}', "org/M/N150/vLLM/a: entry:"),
        (json.dumps({"org/M": {"N150": {"vLLM": {"a": spec(max_concurrency=0)}}}}),
         "org/M/N150/vLLM/a: device_model_spec.max_concurrency:"),
        (json.dumps({"id_x": {"device_model_spec": {}}}), "id_x: hf_model_repo:"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "specs.json"
    path.write_text(content)
    with pytest.raises(CatalogueError) as caught:
        load([path])
    assert str(path) in str(caught.value) and said in str(caught.value)


def test_a_cut_gzip_and_a_missing_file(tmp_path: Path) -> None:
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(gzip.compress(b'{"a": 1}' * 100)[:-12])
    for path in (cut, tmp_path / "missing.json"):
        with pytest.raises(CatalogueError, match="cannot read the model catalogue"):
            load([path])
