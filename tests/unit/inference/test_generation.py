"""The body of a request, and the address and token it goes to."""

from __future__ import annotations

import pytest

from farm.errors import ConfigError
from farm.inference.connection.address import checked_url
from farm.inference.connection.transport import checked_token
from farm.inference.generation import PINNED_DATE, GenerateRequest
from farm.inference.prompt_budget import estimate
from farm.inference.readiness import PROBE_TOKENS, probe_as
from farm.records import Message, Prompt, Sampling, ServedModel

PROMPT = Prompt(messages=(Message(role="system", content="be brief"), Message(role="user", content="add")))
CHAT = ServedModel(name="Llama-3.2-3B-Instruct", repo="meta-llama/Llama-3.2-3B-Instruct", device="n300")
BASE = ServedModel(name="M", repo="org/M", device="n300", chat=False)


def test_a_chat_body_has_what_is_set_and_nothing_else() -> None:
    sampling = Sampling(temperature=0.2, stop=("###",), max_tokens=50)
    request = GenerateRequest.of(PROMPT, CHAT, sampling, seed=7)
    assert request.path == "/v1/chat/completions"
    assert request.body(stream=False) == {
        "model": "meta-llama/Llama-3.2-3B-Instruct",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "add"}],
        "chat_template_kwargs": dict(PINNED_DATE),
        "max_tokens": 50,
        "temperature": 0.2,
        "stop": ["###"],
        "seed": 7,
        "stream": False,
    }


@pytest.mark.parametrize("repo", ["mistralai/Mistral-7B-Instruct-v0.3", "Qwen/Qwen3-32B", "org/M-Instruct"])
def test_only_templates_of_llama_get_a_date(repo: str) -> None:
    """vLLM refuses template variables for a model with a tokenizer of Mistral's."""
    other = CHAT.model_copy(update={"repo": repo})
    assert "chat_template_kwargs" not in GenerateRequest.of(PROMPT, other, Sampling(), seed=1).body(stream=False)


def test_a_base_model_gets_the_joined_text() -> None:
    request = GenerateRequest.of(PROMPT, BASE, Sampling(), seed=None)
    assert request.path == "/v1/completions"
    assert request.body(stream=True) == {
        "model": "org/M",
        "prompt": "be brief\n\nadd",
        "max_tokens": 2048,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_an_answer_begun_is_gone_on_with() -> None:
    begun = Prompt(messages=(*PROMPT.messages, Message(role="assistant", content="def f")))
    body = GenerateRequest.of(begun, CHAT, Sampling(), seed=None).body(stream=False)
    assert (body["add_generation_prompt"], body["continue_final_message"]) == (False, True)
    assert body["messages"][-1] == {"role": "assistant", "content": "def f"}
    assert GenerateRequest.of(begun, BASE, Sampling(), seed=None).prompt == "be brief\n\nadddef f"
    asked = GenerateRequest.of(PROMPT, CHAT, Sampling(), seed=None).body(stream=False)
    assert not {"add_generation_prompt", "continue_final_message"} & asked.keys()


def test_the_prompt_digest_covers_what_the_model_reads_and_nothing_else() -> None:
    one = GenerateRequest.of(PROMPT, CHAT, Sampling(), seed=1)
    assert one.prompt_digest() == GenerateRequest.of(PROMPT, CHAT, Sampling(temperature=1.0), seed=2).prompt_digest()
    assert one.prompt_digest() != GenerateRequest.of(PROMPT, BASE, Sampling(), seed=1).prompt_digest()
    other_date = GenerateRequest.of(PROMPT, CHAT, Sampling(chat_template_kwargs={"date_string": "1 Jan"}), seed=1)
    assert one.prompt_digest() != other_date.prompt_digest()


def test_a_request_is_either_chat_or_text() -> None:
    with pytest.raises(ValueError, match="either"):
        GenerateRequest(model="m")
    with pytest.raises(ValueError, match="either"):
        GenerateRequest(model="m", prompt="x", messages=PROMPT.messages)


def test_llamacpp_gets_its_own_name_of_the_repetition_penalty() -> None:
    asked = Sampling(repetition_penalty=1.1)
    local = ServedModel(name="m", repo="org/m", device="cpu", engine="llama.cpp")
    sent = GenerateRequest.of(PROMPT, local, asked, seed=1).body(stream=False)
    assert sent["repeat_penalty"] == 1.1 and "repetition_penalty" not in sent
    assert GenerateRequest.of(PROMPT, CHAT, asked, seed=1).body(stream=False)["repetition_penalty"] == 1.1


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://h:8000", "http://h:8000"), ("http://h:8000/", "http://h:8000"), ("https://h/v1/", "https://h"),
        (" http://h/proxy/v1 ", "http://h/proxy"), ("http://[::1]:80", "http://[::1]:80"),
    ],
)  # fmt: skip
def test_a_base_url(url: str, base: str) -> None:
    assert checked_url(url, "X") == base


@pytest.mark.parametrize(
    "url", ["", "ftp://h", "h h:80", "http://", "http://h:port", "http://u:s3cr3t@h", "http://h?key=s3cr3t"]
)
def test_what_is_no_base_url_names_its_variable_and_no_secret(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_url(url, "FARM_SERVER_URL")
    assert "FARM_SERVER_URL" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a b", "tab\t", "line\nbreak", "caf\u00e9"])
def test_a_token_that_no_header_carries_is_not_shown(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_token(token, "VLLM_API_KEY")
    assert "VLLM_API_KEY" in str(caught.value)
    assert not token or token not in str(caught.value)


def test_the_estimate_of_a_prompt_errs_on_the_high_side() -> None:
    request = GenerateRequest(model="m", prompt="def add(a, b):\n    return a + b\n")
    assert 12 <= estimate(request).tokens <= 40  # 12 in Llama 3's vocabulary
    assert estimate(request, bytes_per_token=1).tokens >= len(request.prompt or "")


def test_llamacpp_does_not_reuse_its_prompt_cache() -> None:
    """With it, an answer to a seed does not repeat."""
    served = CHAT.model_copy(update={"engine": "llama.cpp"})
    assert GenerateRequest.of(PROMPT, served, Sampling(), seed=1).body(stream=False)["cache_prompt"] is False
    assert "cache_prompt" not in GenerateRequest.of(PROMPT, CHAT, Sampling(), seed=1).body(stream=False)


def test_a_server_is_tried_with_the_fields_of_the_run() -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, stop=("###",), max_tokens=4000, seed=5)
    body = probe_as(CHAT, sampling).body(stream=True)
    asked = GenerateRequest.of(PROMPT, CHAT, sampling, seed=9).body(stream=True)
    assert body.keys() == asked.keys()
    assert (body["max_tokens"], body["seed"], body["stop"]) == (PROBE_TOKENS, 5, ["###"])
