"""What a list of models says of the one that is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from farm.inference.model_list import Listed, find, names_in

BASE = {"id": "org/base", "owned_by": "vllm", "root": "org/base", "parent": None, "max_model_len": 4096}
ADAPTER = {"id": "acme-ft", "owned_by": "vllm", "root": "/adapters/acme", "parent": "org/base"}
ALIAS = {"id": "fast", "owned_by": "vllm", "root": "org/Coder-7B", "parent": None, "max_model_len": 8192}
LLAMA = {"id": "/models/x.gguf", "owned_by": "llamacpp", "aliases": ["x"], "meta": {"n_ctx": 2048}}


@pytest.mark.parametrize(
    ("rows", "wanted", "found"),
    [
        ([BASE], "org/base", Listed("org/base", True, "", 4096, "vLLM")),
        ([BASE, ADAPTER], "acme-ft", Listed("acme-ft", True, "org/base", 4096, "vLLM")),
        ([BASE, ADAPTER], "org/base", Listed("org/base", True, "", 4096, "vLLM")),
        ([ALIAS], "fast", Listed("fast", True, "org/Coder-7B", 8192, "vLLM")),
        ([ALIAS], "org/Coder-7B", Listed("fast", True, "org/Coder-7B", 8192, "vLLM")),
        ([LLAMA], "x", Listed("x", True, "/models/x.gguf", 2048, "llama.cpp")),
        ([LLAMA], "org/else", Listed("org/else", False, "/models/x.gguf", 2048, "llama.cpp")),
        ([{"id": "m", "context_length": 9}], "m", Listed("m", True, "", 9, None)),
        ([{"id": "m", "max_model_len": "many", "context_window": True}], "m", Listed("m", True, "", None, None)),
        ([BASE], "org/other", None),
        ([ALIAS, {**ALIAS, "id": "slow"}], "org/Coder-7B", None),
        ([], "m", None),
    ],
)
def test_the_row_of_a_model(rows: list[dict[str, Any]], wanted: str, found: Listed | None) -> None:
    assert find(rows, wanted) == found


def test_names_have_aliases_and_no_name_twice() -> None:
    assert names_in([BASE, ADAPTER, LLAMA, BASE]) == ("org/base", "acme-ft", "/models/x.gguf", "x")
