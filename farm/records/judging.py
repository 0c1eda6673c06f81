"""How programs are asked for and judged: limits, judge, sampling, prompts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from farm.ids import DEFAULT_RUNTIME, RUNTIME_PATTERN
from farm.records.base import Record, is_default_runtime, is_none
from farm.records.fields import Effect, Option, with_changes


class Limits(Record):
    """What one execution may use. Defaults and reasons: docs/sandbox.md."""

    cpu_s: Annotated[float, Field(gt=0, le=3600), Option("--cpu-limit")] = 6.0
    wall_s: Annotated[float, Field(gt=0, le=7200)] = 18.0
    memory_bytes: Annotated[int, Field(ge=32 << 20, le=1 << 40), Option("--memory-limit")] = 1 << 30
    stdout_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stderr_bytes: Annotated[int, Field(ge=0, le=1 << 20)] = 64 << 10
    result_bytes: Annotated[int, Field(ge=1 << 10, le=128 << 20)] = 16 << 20
    stack_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 30)] = 256 << 20
    threads: Annotated[int, Field(ge=1, le=4096)] = 64
    open_files: Annotated[int, Field(ge=8, le=1024)] = 64
    program_bytes: Annotated[int, Field(ge=1, le=16 << 20)] = 1 << 20

    @model_validator(mode="after")
    def _wall_above_cpu(self) -> Self:
        if self.wall_s < self.cpu_s:
            raise ValueError("wall_s must not be below cpu_s")
        return self


LCB_MEMORY_BYTES = 4 << 30


# Of an integer that a functional test holds or a program returns: LiveCodeBench's own limit; docs/protocols.md
MAX_INT_DIGITS = 50_000


def _usual_comparator(given: dict[str, Any]) -> Literal["tokens@1", "lcb-text@1"]:
    return "tokens@1" if given.get("mode") == "judge" else "lcb-text@1"


class JudgeSpec(Record):
    """How completions become verdicts. See docs/protocols.md."""

    mode: Annotated[Literal["judge", "lcb", "asserts"], Option("--judge")] = "judge"
    # Of mode lcb: which original grader. "official-2025-01" is LiveCodeBench's own from January to May 2025
    variant: Literal["official", "official-2025-01", "tt"] = "official"
    comparator: Literal["tokens@1", "lcb-text@1", "strip@1"] = Field(default_factory=_usual_comparator)
    stop: Annotated[Literal["first_failure", "all"], Option("--all-tests")] = "first_failure"
    # What programs find to import: an interpreter and its packages, by the name that workers give it
    runtime: Annotated[str, StringConstraints(pattern=RUNTIME_PATTERN), Option("--program-runtime")] = Field(
        default=DEFAULT_RUNTIME, exclude_if=is_default_runtime
    )


def with_chosen_judge(base: JudgeSpec, chosen: JudgeSpec) -> JudgeSpec:
    """`base` with the fields that `chosen` was made with. Another mode has its usual comparator."""
    judge = with_changes(base, chosen)
    if judge.mode == base.mode or "comparator" in chosen.model_fields_set:
        return judge
    return JudgeSpec(**judge.model_dump(exclude={"comparator"}))


def default_limits(judge: JudgeSpec) -> Limits:
    """The limits of a way of judging. Mode `lcb` has more memory: the original grader has no limit of it."""
    return Limits(memory_bytes=LCB_MEMORY_BYTES) if judge.mode == "lcb" else Limits()


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
