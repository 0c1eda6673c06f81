"""What an answer shows of its reasoning: where it stood and how many tokens it took.

A server with a reasoning parser gives it in a field of the answer (`reasoning`, `reasoning_content`); elsewhere it
stands in the text, between the marks of its model.
"""

from __future__ import annotations

from farm.inference.generation import Generated
from farm.records import Thought
from farm.records.thinking_marks import STYLES
from farm.scoring.extract import remove_thinking

HIDDEN = "no field of the answer"  # the server counts tokens of reasoning and gives none of it
_BARE_HARMONY = ("analysis", "assistantfinal")  # what is left of harmony's marks without the special tokens


def thought_of(answer: Generated) -> Thought | None:
    """The reasoning of an answer; None where it shows none.

    Its tokens are those that the server counts apart, else its share of the answer's characters.
    """
    text = len(answer.text)
    where, taken = thinking_in(answer.text)
    if answer.reasoning:
        where, taken, text = answer.reasoning_field, len(answer.reasoning), text + len(answer.reasoning)
    stated, all_tokens = answer.usage.reasoning_tokens, answer.usage.completion_tokens
    if stated is not None:
        return Thought(where=where or HIDDEN, tokens=stated, counted=True)
    if not where:
        return None
    return Thought(where=where, tokens=None if all_tokens is None else round(all_tokens * taken / text))


def thinking_in(text: str) -> tuple[str, int]:
    """The style in which `text` reasons, and how many of its characters are reasoning; ("", 0) where it does not."""
    for name, marks in STYLES.items():
        if any(mark in text for mark in marks):
            taken = len(text) - len(remove_thinking(text, (marks,)))
            if taken:
                return name, taken
    begins, ends = _BARE_HARMONY
    if text.startswith(begins) and not text[len(begins) :][:1].isspace():
        end = text.rfind(ends)
        if end >= 0:
            return "harmony", end + len(ends)
    return "", 0


def begins_thinking(text: str) -> str:
    """The style in which the beginning of an answer reasons; empty where it shows none."""
    found = thinking_in(text)[0]
    start = text.lstrip()
    return found or next((name for name, (opening, _) in STYLES.items() if start and opening.startswith(start)), "")
