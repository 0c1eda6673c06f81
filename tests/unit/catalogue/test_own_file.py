"""A user's own YAML: what it changes and adds, and the line of each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.catalogue.catalogue import Catalogue, load
from farm.catalogue.eval_tasks import eval_task
from farm.catalogue.model_spec import PerfReference
from farm.catalogue.server_defaults import server_defaults
from farm.errors import CatalogueError
from tests.support.data import shared


def loaded(tmp_path: Path, text: str, *before: Path) -> Catalogue:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return load([*before, path])


def test_a_new_model(tmp_path: Path) -> None:
    catalogue = loaded(
        tmp_path,
        """
models:
  - repo: my-org/My-Coder-7B
    device: N300
    max_concurrency: 16
    max_context: 32768
    docker_image: registry.example/my-server:1
    perf_references:
      - {input_tokens: 128, output_tokens: 128, ttft_ms: 40, tokens_per_s: 25.5}
""",
    )
    served = catalogue.resolve("my-coder-7b", "n300")
    assert (served.repo, served.device, served.engine) == ("my-org/My-Coder-7B", "n300", "vLLM")
    assert (served.max_concurrency, served.max_context, served.chat) == (16, 32768, True)
    spec = catalogue.spec("My-Coder-7B", "n300")
    assert (spec.default_impl, spec.docker_image, spec.tensor_cache_timeout_s) == (
        True, "registry.example/my-server:1", 3600.0,
    )  # fmt: skip
    assert spec.perf_references == (PerfReference(128, 128, 1, 40.0, 25.5),)
    assert "My-Coder-7B" in catalogue.names("n300")


def test_what_a_users_server_starts_with(tmp_path: Path) -> None:
    catalogue = loaded(
        tmp_path,
        """
models:
  - repo: my-org/My-Coder-7B
    device: n300
    max_concurrency: 16
    max_context: 32768
    vllm_args:
      default-chat-template-kwargs: {enable_thinking: false}
      override_generation_config: '{"top_k": 20}'
      reasoning-parser: qwen3
""",
    )
    found = server_defaults(catalogue.spec("My-Coder-7B", "n300"))
    assert (found.thinking, found.sampling, found.parser) == (False, {"top_k": 20}, "qwen3")


@pytest.mark.parametrize("released", [False, True])
def test_an_entry_changes_the_fields_it_names_and_no_other(tmp_path: Path, released: bool) -> None:
    before = [shared("release_model_spec.json.gz")] if released else []
    base = load(before)
    catalogue = loaded(
        tmp_path,
        "models:\n- {repo: Llama-3.2-3B-Instruct, device: n300, max_concurrency: 8, chat: false}\n",
        *before,
    )
    was, now = base.spec("Llama-3.2-3B-Instruct", "n300"), catalogue.spec("Llama-3.2-3B-Instruct", "n300")
    assert (now.max_concurrency, now.max_context, now.docker_image) == (8, was.max_context, was.docker_image)
    assert catalogue.resolve("Llama-3.2-3B-Instruct", "n300").chat is False
    assert len(catalogue.specs) == len(base.specs)
    others = [spec for spec in catalogue.specs if spec != now]
    assert others == [spec for spec in base.specs if spec != was]


def test_another_implementation_beside_the_default_and_in_its_place(tmp_path: Path) -> None:
    entry = "{repo: Qwen/Qwen3-32B, device: galaxy, impl: mine, max_concurrency: 64, max_context: 4096%s}"
    beside = loaded(tmp_path, f"models:\n- {entry % ''}\n")
    assert beside.resolve("Qwen3-32B", "galaxy").max_concurrency == 32
    assert beside.resolve("Qwen3-32B", "galaxy", impl="mine").max_concurrency == 64
    instead = loaded(tmp_path, f"models:\n- {entry % ', default_impl: true'}\n")
    assert instead.resolve("Qwen3-32B", "galaxy").max_concurrency == 64
    assert instead.resolve("Qwen3-32B", "galaxy", impl="tt-transformers").max_concurrency == 128


def test_an_eval_task_for_a_model_that_has_none_and_a_changed_one(tmp_path: Path) -> None:
    catalogue = loaded(
        tmp_path,
        """
evals:
  - model: meta-llama/Llama-3.1-70B-Instruct
    tolerance: 0.1
    references:
      - {label: gpu_reference, score: 28.06, problems: 1055, hits: 296, source: our A100,
         date: 2026-10-01, protocols: [tt]}
  - {model: Llama-3.2-3B-Instruct, tolerance: 0.02}
  - {model: Llama-3.2-3B-Instruct, task: house-rules, protocol: official}
""",
    )
    task = eval_task("Llama-3.1-70B-Instruct", None, catalogue.evals)
    assert (task.task_name, task.tolerance, task.protocol) == ("livecodebench", 0.1, "tt")
    (ref,) = task.references
    assert (ref.score, ref.date, ref.source, ref.hits) == (28.06, "2026-10-01", "our A100", 296)
    changed = eval_task("Llama-3.2-3B-Instruct", None, catalogue.evals)
    assert (changed.tolerance, changed.references) == (0.02, eval_task("Llama-3.2-3B-Instruct").references)
    assert eval_task("Llama-3.2-3B-Instruct", "house-rules", catalogue.evals).protocol == "official"
    assert eval_task("Qwen3-32B", "house-rules", catalogue.evals).protocol == "official"


def test_several_files_in_their_order(tmp_path: Path) -> None:
    for number in (8, 4):
        (tmp_path / f"{number}.yml").write_text(
            f"models:\n- {{repo: Llama-3.2-3B-Instruct, device: n300, max_concurrency: {number}}}\n"
        )
    assert load([tmp_path / "8.yml", tmp_path / "4.yml"]).resolve("Llama-3.2-3B-Instruct", "n300").max_concurrency == 4


NEW = "models:\n- repo: my-org/M\n  device: n300\n  max_concurrency: 4\n  max_context: 4096\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "nothing is in it"),
        ("- 3\n", 1, "valid dictionary"),
        ("models: [\n  {repo: x,\n", 3, "not YAML"),
        ("models:\n\t- x\n", 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("models:\n- !!python/object:os.system {}\n", 2, "not YAML"),
        ("model: []\n", 1, "model: no such field; did you mean models?"),
        (NEW.replace("n300", "n301"), 3, "models.1.device: no device n301"),
        (NEW.replace("concurrency: 4", "concurency: 4"), 4, "no such field; did you mean max_concurrency?"),
        (NEW.replace("concurrency: 4", "concurrency: 0"), 4, "greater than or equal to 1"),
        (NEW.replace("concurrency: 4", "concurrency: many"), 4, "valid integer"),
        (NEW.replace("concurrency: 4", "concurrency: yes"), 4, "valid integer"),
        (NEW.replace("  max_context: 4096\n", ""), 2, "new to the catalogue and needs max_context"),
        (NEW.replace("  device: n300\n", ""), 2, "models.1.device: Field required"),
        (NEW.replace("my-org/M", "M"), 2, "needs the whole repo id"),
        (NEW + "  device: n150\n", 6, "device: it stands there twice"),
        (NEW + "  docker_image: two words\n", 6, "docker_image: String should match"),
        ("models:\n- {repo: Qwen/Qwen3-32B,\n   device: galaxy, engine: vLLM, max_concurrency: none}\n", 3, "integer"),
        ("evals:\n- model: Lama-3.2-3B-Instruct\n", 2, "no model Lama-3.2-3B-Instruct in the catalogue"),
        ("evals:\n- model: QwQ-32B\n  task: mine\n", 3, "eval task mine is new and needs a protocol"),
        ("evals:\n- model: QwQ-32B\n  tolerance: 2\n", 3, "less than 1"),
        ("evals:\n- model: QwQ-32B\n  score_func: best_of\n", 3, "score_func"),
        ("evals:\n- model: QwQ-32B\n  references:\n  - label: gpu_reference\n    score: 50\n    source: s\n"
         "    protocols: [tt]\n    hits: 3\n    problems: 10\n", 4, "score 50, but 3 of 10 are 30.00"),
        ("evals:\n- model: QwQ-32B\n  references:\n  - {label: published, score: 50, source: s, protocols: [tt],\n"
         "     date: yesterday}\n", 5, "date"),
    ],
)  # fmt: skip
def test_every_mistake_names_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'own.yaml'}:{line}: "), str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    for content, line in ((b"a: 1\nb: \xff\n", 2), (b"a: 1\n\nb: \x01\n", 3)):
        path.write_bytes(content)
        with pytest.raises(CatalogueError, match=rf"own\.yaml:{line}: not "):
            load([path])
    with pytest.raises(CatalogueError, match=r"missing\.yaml: cannot be read"):
        load([tmp_path / "missing.yaml"])
    path.write_text("[" * 5000)
    with pytest.raises(CatalogueError, match=r"own\.yaml:1: not YAML"):
        load([path])
