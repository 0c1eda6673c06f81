"""Where a scripted model puts its reasoning: in a field of the answer, or between marks in its text."""

from __future__ import annotations

from typing import Any, Literal

Thinking = Literal[
    "",  # it does not think
    "reasoning", "reasoning_content",  # a field, as a server's reasoning parser gives it
    "<think>",
    "begun",  # as <think>, the chat template has written the opening mark
    "<|channel>thought",  # gemma-4 without a parser
    "harmony", "bare harmony",  # gpt-oss without a parser; and where special tokens are left out of the text
]  # fmt: skip
FIELDS = ("reasoning", "reasoning_content")
DRAFT = "Let me see: def draft(): pass is no answer. "
_AROUND = {
    "<think>": ("<think>\n", "\n</think>\n\n"),
    "begun": ("", "\n</think>\n\n"),
    "<|channel>thought": ("<|channel>thought\n", "\n<channel|>"),
    "harmony": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    "bare harmony": ("analysis", "assistantfinal"),
}


def thinks(thinking: Thinking, by_default: bool, body: dict[str, Any]) -> bool:
    """Whether a model that can think does so for this request."""
    if body.get("reasoning_effort") is not None:
        return bool(thinking) and body["reasoning_effort"] != "none"
    asked = (body.get("chat_template_kwargs") or {}).get("enable_thinking", by_default)
    return bool(thinking) and bool(asked)


def parts(thinking: Thinking, text: str) -> tuple[str, str]:
    """What is given in a field, and the text of the answer."""
    if thinking in FIELDS:
        return DRAFT, text
    before, after = _AROUND[thinking]
    return "", before + DRAFT + after + text
