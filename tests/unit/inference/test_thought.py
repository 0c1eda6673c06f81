"""Reasoning in the text of an answer, by the marks of its model."""

from __future__ import annotations

import pytest

from farm.inference.generation import Generated
from farm.inference.thought import begins_thinking, thinking_in, thought_of
from farm.protocols import get
from farm.protocols.programs import extract_program
from farm.records import Usage

CODE = "```python\nprint(1)\n```"
DRAFT = "first\n```python\nprint(0)\n```\nno"
THOUGHT = {
    "<think>": f"<think>\n{DRAFT}</think>\n{CODE}",
    "<|channel>thought": f"<|channel>thought\n{DRAFT}<channel|>{CODE}",
    "harmony": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{CODE}",
    "[THINK]": f"[THINK]{DRAFT}[/THINK]{CODE}",
    "<seed:think>": f"<seed:think>{DRAFT}</seed:think>{CODE}",
}


@pytest.mark.parametrize(("style", "text"), THOUGHT.items())
def test_the_style_and_the_extent_of_reasoning(style: str, text: str) -> None:
    name, taken = thinking_in(text)
    assert name == style and text[taken:].lstrip() == CODE
    assert begins_thinking(text) == style


@pytest.mark.parametrize("text", THOUGHT.values())
def test_the_program_is_what_follows_the_reasoning(text: str) -> None:
    assert extract_program(get("reason"), text) == "print(1)"


@pytest.mark.parametrize("text", [f"{DRAFT}</think>\n{CODE}", f"{DRAFT}<channel|>{CODE}"])
def test_reasoning_that_the_template_has_begun(text: str) -> None:
    assert thinking_in(text)[1] > 0
    assert extract_program(get("reason"), text) == "print(1)"


def test_harmony_without_its_special_tokens() -> None:
    assert thinking_in("analysisWe need a loop.assistantfinal" + CODE) == ("harmony", 37)
    assert thinking_in("analysis of the problem: assistantfinal") == ("", 0)


@pytest.mark.parametrize(
    "text",
    [
        "", CODE, "Let me think. " + CODE, '```python\nprint("<think>")\n```', "The mark `<think>` opens it.\n" + CODE,
        "```python\ns = '<|channel>thought'\n```", f"{CODE}<|end|>",
    ],
)  # fmt: skip
def test_what_is_no_reasoning(text: str) -> None:
    assert thinking_in(text) == ("", 0) and begins_thinking(text) == ""


def test_reasoning_that_a_server_counts_and_does_not_give() -> None:
    counted = Usage(prompt_tokens=3, completion_tokens=90, reasoning_tokens=64)
    thought = thought_of(Generated(CODE, usage=counted))
    assert thought is not None and thought.in_words == "reasoned in no field of the answer, 64 tokens"
    assert thought_of(Generated(CODE, usage=Usage(completion_tokens=9))) is None


@pytest.mark.parametrize(("text", "style"), [("<thi", "<think>"), ("\n<|channel|>anal", "harmony"), ("<", "<think>")])
def test_sixteen_tokens_may_end_within_the_mark(text: str, style: str) -> None:
    assert begins_thinking(text) == style
