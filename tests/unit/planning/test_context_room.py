"""Which prompts leave too little room, said before the run."""

from __future__ import annotations

import pytest

from farm.errors import ConfigError
from farm.inference.generation import GenerateRequest
from farm.inference.prompt_budget import TEMPLATE_TOKENS, TOKENS_PER_MESSAGE, PromptSize
from farm.ledger.ledger import PlannedProblem
from farm.planning.context_room import context_room
from farm.records import Message, Prompt, Sampling, ServedModel

FRAME = TEMPLATE_TOKENS + TOKENS_PER_MESSAGE


def problem(name: str, length: int) -> PlannedProblem:
    prompt = Prompt(messages=(Message(role="user", content="x" * length),))
    return PlannedProblem(name, "", "", "easy", "", prompt.to_json().decode(), "0" * 64, 1)


def served(context: int) -> ServedModel:
    return ServedModel(name="M", repo="org/M", device="n300", max_context=context)


def test_where_everything_fits_the_server_is_not_asked() -> None:
    def count(request: GenerateRequest) -> PromptSize | None:
        raise AssertionError("nothing is tight")

    room = context_room([problem("a", 100), problem("b", 900)], served(4096), Sampling(max_tokens=2048), count)
    assert room.in_words() == ()
    assert (room.longest, room.counted) == (450 + FRAME, False)


def test_lowered_and_left_without_room_by_estimate() -> None:
    problems = [problem("short", 100), problem("long", 3000), problem("huge", 9000)]
    room = context_room(problems, served(2048), Sampling(max_tokens=2048))
    assert (room.lowered, room.none) == (("short", "long"), ("huge",))
    assert room.least == 2048 - 1500 - FRAME
    said = "\n".join(room.in_words())
    assert "max_tokens 2048 is lowered for 2 problems, to about" in said
    assert "the prompts of 1 problems leave no room and will be unjudged: huge" in said


def test_the_server_counts_the_longest_and_the_rest_follow() -> None:
    asked: list[str] = []

    def count(request: GenerateRequest) -> PromptSize | None:
        asked.append(request.messages[0].content)
        return PromptSize(800, counted=True)

    problems = [problem("short", 1000 - FRAME), problem("long", 4000 - FRAME)]
    room = context_room(problems, served(1024), Sampling(max_tokens=512), count)
    assert [len(text) for text in asked] == [4000 - FRAME]
    assert (room.longest, room.counted, room.lowered, room.least) == (800, True, ("long",), 224)


def test_no_room_at_all_is_an_error_before_anything_is_spent() -> None:
    with pytest.raises(ConfigError, match="no prompt leaves room in the context of 512 tokens"):
        context_room([problem("a", 5000), problem("b", 6000)], served(512), Sampling())
