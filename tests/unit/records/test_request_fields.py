"""Further fields of a request, fields that are left out, and what may not be changed by them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from farm.app.requests import ModelChoice, SubmitRequest
from farm.cli.options.fields import given
from farm.errors import ConfigError
from farm.inference.generation import GenerateRequest
from farm.records import Message, Prompt, Sampling, ServedModel
from farm.records.fields import Effect, in_words, labelled
from farm.scoring.differences import model_name

PROMPT = Prompt(messages=(Message(role="user", content="add"), Message(role="assistant", content="def")))
LLAMA = ServedModel(name="llama", repo="org/llama", device="n300")


def body(sampling: Sampling, model: ServedModel = LLAMA, *, stream: bool = True) -> dict[str, Any]:
    return GenerateRequest.of(PROMPT, model, sampling, seed=7).body(stream=stream)


def test_further_fields_go_into_the_body_as_they_are() -> None:
    asked = Sampling(extra_body={"thinking_token_budget": 512, "provider": {"order": ["x"]}})
    sent = body(asked)
    assert sent["thinking_token_budget"] == 512 and sent["provider"] == {"order": ["x"]}
    assert "extra_body" not in sent
    assert ("further fields", '{"provider": {"order": ["x"]}, "thinking_token_budget": 512}') in labelled(
        asked, (Effect.SCORE,)
    )


@pytest.mark.parametrize(
    ("field", "instead"),
    [
        ("model", "--served-model-name"), ("messages", "--protocol"), ("prompt", "--protocol"), ("seed", "--seed"),
        ("stream", "--no-stream"), ("n", "--n"), ("temperature", "--temperature"), ("stop", "--stop"),
        ("top_k", "--top-k"), ("max_tokens", "--max-tokens"), ("max_completion_tokens", "--max-tokens"),
        ("chat_template_kwargs", "--chat-template-kwarg"), ("reasoning_effort", "--reasoning-effort"),
        ("cache_prompt", "--omit cache_prompt"),
    ],
)  # fmt: skip
def test_a_field_that_farm_sets_itself_is_refused_with_the_option_to_use(field: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given(Sampling, {"extra_body": {field: 1}})
    assert str(caught.value) == f"--extra-body: farm sets {field} itself; use {instead}"


def test_fields_are_left_out_and_count_as_not_sent() -> None:
    asked = Sampling(
        temperature=0.5, stop=("END",), max_tokens=99, omit=("seed", "stop", "stream_options", "temperature")
    )
    sent = body(asked)
    assert sent.keys().isdisjoint({"seed", "stop", "stream_options", "temperature"}) and sent["stream"] is True
    assert "temperature not sent" in in_words(asked) and "omit ['seed', 'stop'" in in_words(asked)
    scored = dict(labelled(asked, (Effect.SCORE,)))
    assert scored["temperature"] == "not sent"
    assert scored["stop strings"] == "['END']"  # farm cuts the answer there, whatever the server was told


def test_a_cut_answer_is_cut_though_the_stop_string_was_not_sent() -> None:
    assert GenerateRequest.of(PROMPT, LLAMA, Sampling(stop=("END",), omit=("stop",)), seed=1).stop == ("END",)


def test_template_variables_join_those_of_farm_and_can_be_left_out() -> None:
    asked = Sampling(chat_template_kwargs={"enable_thinking": False})
    assert body(asked)["chat_template_kwargs"] == {"date_string": "26 Jul 2024", "enable_thinking": False}
    begun = body(Sampling(omit=("chat_template_kwargs", "continue_final_message", "add_generation_prompt")))
    assert begun.keys().isdisjoint({"chat_template_kwargs", "continue_final_message", "add_generation_prompt"})


def test_max_completion_tokens_takes_the_place_of_max_tokens_that_is_left_out() -> None:
    sent = body(Sampling(omit=("max_tokens",), extra_body={"max_completion_tokens": 64}))
    assert sent["max_completion_tokens"] == 64 and "max_tokens" not in sent


@pytest.mark.parametrize("field", ["model", "messages", "tempreature", "n", "\x1b[31m"])
def test_what_is_no_field_to_leave_out_is_refused_with_those_that_are(field: str) -> None:
    with pytest.raises(ConfigError, match=r"no such field to leave out; it has .*seed.*stream_options") as caught:
        given(Sampling, {"omit": (field,)})
    assert "\x1b" not in str(caught.value)


def test_an_option_and_its_omission_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match="--temperature sets what --omit temperature leaves out"):
        SubmitRequest(ModelChoice("m"), sampling=Sampling(temperature=1.0, omit=("temperature",)))
    SubmitRequest(ModelChoice("m"), sampling=Sampling(omit=("temperature",)))


def test_a_record_with_a_field_of_farms_own_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        Sampling(extra_body={"seed": 1})


def test_requests_name_the_model_as_its_server_does_and_reports_by_all_names() -> None:
    served = ServedModel(name="m", repo="acme-ft", device="unknown", served_as="ft-2", base="meta-llama/Llama-3.2-3B")
    sent = body(Sampling(), served)
    assert sent["model"] == "ft-2" and sent["chat_template_kwargs"]["date_string"]  # its base has Llama's template
    assert model_name(served) == "acme-ft, served as ft-2, made from meta-llama/Llama-3.2-3B"
    assert model_name(LLAMA) == "org/llama" and LLAMA.request_name == "org/llama"
