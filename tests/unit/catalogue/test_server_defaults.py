"""What the servers of the catalogue start with, and what requests carry of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.catalogue.catalogue import load
from farm.catalogue.server_defaults import ServerDefaults, server_defaults
from farm.records import Sampling

SPEC = load().spec("Llama-3.2-3B-Instruct", "n300")


def defaults_of(**arguments: str) -> ServerDefaults:
    return server_defaults(replace(SPEC, vllm_args=tuple(arguments.items())))


@pytest.mark.parametrize(
    ("model", "device", "thinking", "parser"),
    [
        ("Qwen3-32B", "galaxy", False, "qwen3"), ("Qwen3-32B", "blackhole_galaxy", False, "qwen3"),
        ("gemma-4-31B-it", "p300x2", True, "gemma4"), ("Qwen3.6-27B", "p300x2", None, "qwen3"),
        ("Qwen3-32B", "t3k", None, ""), ("Llama-3.2-3B-Instruct", "n300", None, ""),
    ],
)  # fmt: skip
def test_thinking_of_release_0_25_0(model: str, device: str, thinking: bool | None, parser: str) -> None:
    found = server_defaults(load().spec(model, device))
    assert (found.thinking, found.parser) == (thinking, parser)


def test_either_spelling_of_an_argument_is_read() -> None:
    for name in ("default_chat_template_kwargs", "default-chat-template-kwargs", "--default-chat-template-kwargs"):
        assert defaults_of(**{name: '{"enable_thinking": false}'}).thinking is False


def test_sampling_that_a_run_leaves_open_is_the_servers() -> None:
    found = defaults_of(override_generation_config='{"temperature": 0.5, "top_k": 20, "max_new_tokens": 9, "odd": 1}')
    assert found.sampling == {"temperature": 0.5, "top_k": 20}
    asked = found.applied_to(Sampling(temperature=0.0), Sampling(), chat=True)
    assert (asked.temperature, asked.top_k) == (0.0, 20)
    explicit = found.applied_to(Sampling(), Sampling(top_k=None, temperature=None), chat=True)
    assert (explicit.temperature, explicit.top_k) == (None, None)


def test_template_variables_join_those_of_the_caller_and_need_a_template() -> None:
    found = defaults_of(default_chat_template_kwargs='{"enable_thinking": false, "style": "short"}')
    asked = Sampling(chat_template_kwargs={"enable_thinking": True})
    joined = found.applied_to(asked, asked, chat=True)
    assert joined.chat_template_kwargs == {"enable_thinking": True, "style": "short"}
    assert found.applied_to(Sampling(), Sampling(), chat=False).chat_template_kwargs is None


@pytest.mark.parametrize("value", ["", "no JSON", "[1]", '{"top_p": 7}'])
def test_what_no_request_can_carry_is_left_out(value: str) -> None:
    assert defaults_of(override_generation_config=value).sampling == {}


def test_a_value_that_no_request_can_carry_takes_no_other_with_it() -> None:
    found = defaults_of(override_generation_config='{"temperature": 0.7, "top_k": -1}')
    assert found.sampling == {"temperature": 0.7}
