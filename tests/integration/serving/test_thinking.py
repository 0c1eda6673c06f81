"""Answers with reasoning, wherever servers put it: found, counted, and not judged."""

from __future__ import annotations

from typing import Literal, get_args

import pytest

from farm.inference.client import Client
from farm.inference.generation import GenerateRequest
from farm.inference.thought import thought_of
from farm.protocols import get
from farm.protocols.programs import extract_program
from farm.records import Message, Prompt, Sampling, ServedModel
from tests.support.model_server import ModelServer
from tests.support.model_server.thinking import DRAFT, FIELDS, Thinking

PROMPT = Prompt(messages=(Message(role="user", content="add"),))
MODEL = ServedModel(name="model", repo="test/model", device="n300")
CODE = "```python\nprint(1)\n```"
NAMES = {"begun": "<think>", "bare harmony": "harmony"}


def ask(server: ModelServer, sampling: Sampling, **fields: int) -> GenerateRequest:
    return GenerateRequest.of(PROMPT, MODEL, sampling, seed=1, **fields)


@pytest.mark.parametrize("streaming", ["yes", "ignored"])
@pytest.mark.parametrize("style", [style for style in get_args(Thinking) if style])
def test_reasoning_is_found_and_the_answer_is_judged_without_it(
    style: Thinking, streaming: Literal["yes", "ignored"]
) -> None:
    with (
        ModelServer(answer=lambda prompt, seed: CODE, thinking=style, streaming=streaming) as server,
        Client(server.url) as client,
    ):
        answer = client.generate(ask(server, Sampling()))
        thought = thought_of(answer)
        assert thought is not None and thought.where == NAMES.get(style, style)
        assert thought.tokens is not None and not thought.counted
        assert answer.usage.completion_tokens is not None
        assert abs(thought.tokens - (answer.usage.completion_tokens - len(CODE) / 4)) <= 2  # all but the code
        assert (answer.reasoning == DRAFT) == (style in FIELDS)
        assert extract_program(get("reason"), answer.text) == "print(1)"
        quiet = client.generate(ask(server, Sampling(chat_template_kwargs={"enable_thinking": False})))
        assert thought_of(quiet) is None and quiet.text == CODE


def test_tokens_of_reasoning_are_the_servers_where_it_counts_them() -> None:
    with ModelServer(thinking="reasoning", counts_reasoning=True) as server, Client(server.url) as client:
        thought = thought_of(client.generate(ask(server, Sampling(reasoning_effort="low"))))
        assert thought is not None and thought.in_words == "reasoned in reasoning, 11 tokens"
        assert thought_of(client.generate(ask(server, Sampling(reasoning_effort="none")))) is None


def test_an_answer_that_ends_in_its_reasoning_is_an_empty_one() -> None:
    with ModelServer(thinking="reasoning", streaming="ignored") as server, Client(server.url) as client:
        answer = client.generate(ask(server, Sampling(), max_tokens=4))
        assert (answer.text, answer.finish_reason) == ("", "length") and answer.reasoning == DRAFT[:16]
