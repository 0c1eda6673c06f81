"""What is said of thinking before a run, and what is refused."""

from __future__ import annotations

import pytest

from farm.app.servers.thinking import refuse_without_thinking, say_thinking
from farm.catalogue.catalogue import load
from farm.errors import ConfigError
from farm.inference.generation import Generated
from farm.protocols import get
from farm.records import Sampling
from tests.support.display import Said

PLAIN = load().spec("Llama-3.2-3B-Instruct", "n300")
QWEN = load().spec("Qwen3-32B", "galaxy")
REASON, OFFICIAL = get("reason"), get("official")
OFF, ON = ({"enable_thinking": on} for on in (False, True))


def said(protocol: str, entry: str, sampling: Sampling, *answers: Generated) -> list[str]:
    display = Said()
    say_thinking(get(protocol), {"plain": PLAIN, "qwen": QWEN}[entry], sampling, answers, display)
    return display.lines


def test_a_server_that_starts_without_reasoning_is_refused_where_it_is_measured() -> None:
    display = Said()
    with pytest.raises(ConfigError) as caught:
        refuse_without_thinking(REASON, QWEN, Sampling(chat_template_kwargs=OFF), Sampling(), display)
    assert "Qwen3-32B on galaxy starts with enable_thinking: false" in str(caught.value)
    assert "--chat-template-kwarg enable_thinking=true" in str(caught.value)


def test_whoever_turns_it_off_is_warned_and_whoever_turns_it_on_goes_on() -> None:
    display = Said()
    off = Sampling(chat_template_kwargs=OFF)
    refuse_without_thinking(REASON, QWEN, off, off, display)
    assert display.lines == ["caution: protocol reason@2 measures answers with reasoning, and requests turn it off"]
    for asked in (Sampling(chat_template_kwargs=ON), Sampling(chat_template_kwargs=OFF, reasoning_effort="high")):
        refuse_without_thinking(REASON, QWEN, asked, asked, display)
    refuse_without_thinking(OFFICIAL, QWEN, off, Sampling(), display)
    assert len(display.lines) == 1


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        (Generated("", reasoning="hm", reasoning_field="reasoning"), "reasoning"),
        (Generated("x", reasoning="hm", reasoning_field="reasoning_content"), "reasoning_content"),
        (Generated("<think>\nOkay, the user"), "<think>"), (Generated("<|channel>thought\nThe"), "<|channel>thought"),
        (Generated("<|channel|>analysis<|message|>The"), "harmony"), (Generated("<thi"), "<think>"),
    ],
)  # fmt: skip
def test_the_first_answer_shows_where_reasoning_stands(answer: Generated, where: str) -> None:
    assert said("reason", "plain", Sampling(), answer) == [
        f"thinking: left to the server; the server's first answer reasons, in `{where}`"
    ]
    first, caution = said("official", "plain", Sampling(max_tokens=2000), answer)
    assert where in first
    assert "2000 tokens hold reasoning and answer" in caution and "--protocol reason" in caution


def test_an_answer_without_reasoning_is_a_caution_where_it_is_measured() -> None:
    first, caution = said("reason", "qwen", Sampling(chat_template_kwargs=ON), Generated("Hello!"))
    assert first == "thinking: requests turn it on (its reasoning parser: qwen3); the server's first answer shows none"
    assert "measures answers with reasoning" in caution and "--reasoning-effort" in caution


def test_nothing_is_said_of_a_model_that_is_not_expected_to_think() -> None:
    assert said("official", "plain", Sampling(), Generated("Hello!")) == []
    assert said("official", "plain", Sampling()) == []
