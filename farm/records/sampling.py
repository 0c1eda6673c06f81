"""What is asked of the model server: how samples are drawn, and the prompt of a problem."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farm.records.base import Record, is_none
from farm.records.fields import Effect, Option


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
            metavar="TEXT", effect=Effect.SCORE,
        ),
    ] = ()  # fmt: skip
    # Each sample gets its own from it (ids.sample_seed), so the body's `seed` is not this one
    seed: Annotated[
        int,
        Field(ge=0, lt=1 << 31),
        Option("--seed", "Of the run; each sample gets its own from it.", "seed", effect=Effect.DRAW),
    ] = 42


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
