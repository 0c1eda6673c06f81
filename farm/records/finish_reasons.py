"""What a finish reason says of an answer: whole, cut at the token limit, broken by the server, or withheld by it.

The only table of finish reasons. An answer that the server broke off is asked for again, and one that a content filter
withheld has no verdict: what a server did to an answer is never the model's result.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any


class Ending(Enum):
    """What became of an answer."""

    WHOLE = auto()  # the model ended it
    LENGTH = auto()  # the token limit or the context ended it
    UNSTATED = auto()  # the server gave no reason
    UNKNOWN = auto()  # a reason that is in no list: taken as whole, and counted in the report
    BROKEN = auto()  # the server ended it: the request is tried again
    WITHHELD = auto()  # a content filter ended it: the sample's own outcome


# OpenAI, vLLM, SGLang, llama.cpp; eos_token and stop_sequence: text-generation-inference; end_turn: Anthropic
WHOLE = frozenset(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "tool_calls", "function_call"))
# max_tokens: Anthropic, Gemini; model_length: Mistral, where the context is full
LENGTH = frozenset(("length", "max_tokens", "model_length", "model_context_window_exceeded"))
# content_filter: OpenAI, Azure, DeepSeek; sensitive: Zhipu; refusal: Anthropic; the others: Gemini, Cohere
WITHHELD = frozenset(
    ("content_filter", "content_filtered", "sensitive", "refusal", "safety", "recitation", "blocklist",
     "prohibited_content", "spii", "error_toxic")
)  # fmt: skip
# abort and error: vLLM, SGLang; insufficient_system_resource: DeepSeek; network_error: Zhipu; the rest by analogy
_BROKEN = re.compile(
    r"abort|error|cancel|resource|network|connection|disconnect|time_?d?_?out|unavailable|overload|capacity|exhausted"
    r"|shut_?down|interrupt|preempt|evict|fail|killed|crash",
)


def stated(value: Any) -> str | None:
    """The finish reason in a field of an answer. Empty text counts as null, as does anything that is no text."""
    reason = value.strip() if isinstance(value, str) else ""
    return None if reason.lower() in ("", "null", "none") else reason


def ending(reason: str | None) -> Ending:
    """What a finish reason, as `stated` gives it, says of the answer."""
    if reason is None:
        return Ending.UNSTATED
    word = re.sub(r"[\s-]+", "_", reason.lower())
    for known, meaning in ((WHOLE, Ending.WHOLE), (LENGTH, Ending.LENGTH), (WITHHELD, Ending.WITHHELD)):
        if word in known:
            return meaning
    return Ending.BROKEN if _BROKEN.search(word) else Ending.UNKNOWN
