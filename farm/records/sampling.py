"""What is asked of the model server: how samples are drawn, and the prompt of a problem."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from farm.records.base import Record, is_none
from farm.records.fields import Effect, Option, options_of

# Fields of the body that farm itself sets, besides those with an option: what to use in their place
_OWN_FIELDS: Mapping[str, str] = {
    "model": "--served-model-name", "messages": "--protocol", "prompt": "--protocol", "n": "--n", "best_of": "--n",
    "seed": "--seed", "max_completion_tokens": "--max-tokens", "stream": "--no-stream",
    "stream_options": "--omit stream_options", "cache_prompt": "--omit cache_prompt",
    "add_generation_prompt": "--protocol", "continue_final_message": "--protocol", "echo": "--protocol",
}  # fmt: skip
_NEVER_OMITTED = ("model", "messages", "prompt", "n", "best_of", "max_completion_tokens", "echo")


class Sampling(Record):
    """What is asked of the model server. `None` means: not sent."""

    n: Annotated[
        int,
        Field(ge=1, le=10_000),
        Option("--n", "Samples per problem; default: the protocol's.", "samples per problem", effect=Effect.PRECISION),
    ] = 1
    temperature: Annotated[
        float | None,
        Field(ge=0, le=10),
        Option(
            "--temperature", "Default: the protocol's.", "temperature", "temperature", effect=Effect.SCORE, always=True
        ),
    ] = None
    top_p: Annotated[
        float | None,
        Field(gt=0, le=1),
        Option("--top-p", "Default: the protocol's.", "top_p", "top_p", effect=Effect.SCORE, always=True),
    ] = None
    top_k: Annotated[
        int | None,
        Field(ge=1),
        Option(
            "--top-k",
            "Draw from so many of the likeliest tokens; default: not sent.",
            "top_k",
            "top_k",
            effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)
    min_p: Annotated[
        float | None,
        Field(ge=0, le=1),
        Option(
            "--min-p", "Draw from tokens at least so likely as a share of the likeliest; default: not sent.", "min_p",
            "min_p", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    presence_penalty: Annotated[
        float | None,
        Field(ge=-2, le=2),
        Option(
            "--presence-penalty", "Against tokens that were there before; default: not sent.", "presence_penalty",
            "presence_penalty", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    frequency_penalty: Annotated[
        float | None,
        Field(ge=-2, le=2),
        Option(
            "--frequency-penalty", "Against tokens by how often they were there; default: not sent.",
            "frequency_penalty", "frequency_penalty", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    repetition_penalty: Annotated[
        float | None,
        Field(gt=0, le=10),
        Option(
            "--repetition-penalty", "Factor against tokens of prompt and answer; default: not sent.",
            "repetition_penalty", "repetition_penalty", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    reasoning_effort: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")] | None,
        Option(
            "--reasoning-effort", "How much a model thinks, as none, low, medium, high; default: not sent.",
            "reasoning_effort", "reasoning_effort", metavar="LEVEL", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    chat_template_kwargs: Annotated[
        dict[str, Any] | None,
        Option(
            "--chat-template-kwarg", "A variable of the model's chat template, as enable_thinking=true; repeatable.",
            "chat template variables", "chat_template_kwargs", metavar="K=V", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    extra_body: Annotated[
        dict[str, Any] | None,
        Option(
            "--extra-body", "Further fields of each request, a JSON object; none that farm sets itself.",
            "further fields", metavar="JSON", effect=Effect.SCORE,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip
    max_tokens: Annotated[
        int,
        Field(ge=1),
        Option(
            "--max-tokens", "Tokens of one completion; default: the protocol's.", "max tokens", "max_tokens",
            effect=Effect.SCORE,
        ),
    ] = 2048  # fmt: skip
    stop: Annotated[
        tuple[str, ...],
        Option(
            "--stop", "An answer ends before it; repeatable. Default: the protocol's.", "stop strings", "stop",
            metavar="TEXT", effect=Effect.SCORE, by_farm=True,
        ),
    ] = ()  # fmt: skip
    # Each sample gets its own from it (ids.sample_seed), so the body's `seed` is not this one
    seed: Annotated[
        int,
        Field(ge=0, lt=1 << 31),
        Option("--seed", "Of the run; each sample gets its own from it.", "seed", effect=Effect.DRAW),
    ] = 42
    omit: Annotated[
        tuple[str, ...] | None,
        Option(
            "--omit", "Leave this field out of each request, for a server that refuses it; repeatable.",
            "fields left out", metavar="FIELD", effect=Effect.DRAW,
        ),
    ] = Field(default=None, exclude_if=is_none)  # fmt: skip

    def sends(self, field: str) -> bool:
        """False for a field of the body that is to be left out."""
        return field not in (self.omit or ())

    @model_validator(mode="after")
    def _only_fields_that_may_be(self) -> Self:
        with_option = {option.sent_as: option.flag for _, option in options_of(Sampling).values() if option.sent_as}
        own = {**with_option, **_OWN_FIELDS}
        for name in self.omit or ():
            if name not in own or name in _NEVER_OMITTED:
                known = ", ".join(sorted(own.keys() - set(_NEVER_OMITTED)))
                raise ValueError(f"--omit {_shown(name)}: a request has no such field to leave out; it has {known}")
        for name in self.extra_body or ():
            if name == "max_completion_tokens" and not self.sends("max_tokens"):
                continue  # what OpenAI's newer models take in its place
            if name in own:
                raise ValueError(f"--extra-body: farm sets {name} itself; use {own[name]}")
        return self


def _shown(name: str) -> str:
    return re.sub(r"[^ -~]", "?", name)[:60]


class Message(Record):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(Record):
    """What is sent for one problem: chat messages; their texts joined for a base model."""

    messages: Annotated[tuple[Message, ...], Field(min_length=1)]

    def as_text(self) -> str:
        """The prompt of a base model: the messages' texts with an empty line between them, an answer directly behind
        its question. Its endpoint knows no roles and applies no chat template."""
        text = self.messages[0].content
        for message in self.messages[1:]:
            text += message.content if message.role == "assistant" else f"\n\n{message.content}"
        return text
