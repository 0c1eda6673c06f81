"""The token of a model server: exact derivation, and which variable wins."""

from __future__ import annotations

import pytest

from farm import config
from farm.inference.auth import bearer, tt_token

# design page of the server, chapter 3; PyJWT gives the same
VECTOR = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJ0ZWFtX2lkIjoidGVuc3RvcnJlbnQiLCJ0b2tlbl9pZCI6ImRlYnVnLXRlc3QifQ."
    "kkqzJ-xEhQFWh4TD6cJFmNd_gkkxn9jwdDg3V0BkEK8"
)


def settings(**env: str) -> config.Settings:
    return config.load({"HOME": "/nonexistent", **env})


def test_the_servers_own_test_vector() -> None:
    assert tt_token("testing") == VECTOR


@pytest.mark.parametrize(
    ("env", "engine", "expected"),
    [
        ({}, "vLLM", (None, "")),
        ({"VLLM_API_KEY": "v", "JWT_SECRET": "testing"}, "vLLM", ("v", "VLLM_API_KEY")),
        ({"JWT_SECRET": "testing"}, "vLLM", (VECTOR, "JWT_SECRET")),
        ({"JWT_SECRET": "testing", "API_KEY": "a"}, "vllm", (VECTOR, "JWT_SECRET")),
        ({"FARM_API_KEY": "f", "VLLM_API_KEY": "v"}, "vLLM", ("f", "FARM_API_KEY")),
        ({"API_KEY": "a", "OPENAI_API_KEY": "o"}, "vLLM", ("a", "API_KEY")),
        ({"OPENAI_API_KEY": "o"}, "vLLM", ("o", "OPENAI_API_KEY")),
        ({"JWT_SECRET": "testing", "API_KEY": "a"}, "forge", ("a", "API_KEY")),
        ({"JWT_SECRET": "testing"}, "forge", ("your-secret-key", "the default key of forge servers")),
        ({"JWT_SECRET": "testing"}, "media", ("your-secret-key", "the default key of media servers")),
        ({"JWT_SECRET": "testing"}, "llama.cpp", (None, "")),
        ({"FARM_API_KEY": "f"}, "llama.cpp", ("f", "FARM_API_KEY")),
    ],
)
def test_precedence(env: dict[str, str], engine: str, expected: tuple[str | None, str]) -> None:
    assert bearer(settings(**env), engine) == expected
