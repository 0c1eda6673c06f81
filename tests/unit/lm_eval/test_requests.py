"""lm-eval's requests as prompts, samplings and samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from farm.environments import lm_eval_process
from farm.errors import ConfigError
from farm.lm_eval.runs.requests import chat_context, group, prompt_of, sampling_of


@dataclass
class Asked:
    args: tuple[Any, ...]
    doc: dict[str, Any] = field(default_factory=dict)
    doc_id: int | None = 0
    task_name: str | None = "task"


def sampling(**kwargs: Any) -> tuple[float | None, float | None, int, tuple[str, ...]]:
    found = sampling_of(kwargs, n=1, seed=42, max_gen_toks=256, task="task")
    return found.temperature, found.top_p, found.max_tokens, found.stop


def test_an_instance_that_stands_there_again_is_another_sample() -> None:
    first, second = Asked(("a", {"until": ["x"]})), Asked(("a", {"until": ["x"]}), doc_id=1)
    [found] = group([first, first, first, second, second, second], seed=7)
    assert (found.sampling.n, found.sampling.seed, [d.doc_id for d in found.documents]) == (3, 7, [0, 1])


def test_what_is_asked_otherwise_is_another_run() -> None:
    chat = Asked((chat_context([{"role": "user", "content": "a"}]), {}))
    asked = [Asked(("a", {})), Asked(("a", {}), task_name="other"), Asked(("a", {"temperature": 1})), chat]
    twice = Asked(("a", {}))
    assert [g.sampling.n for g in group([*asked, twice, twice], seed=1)] == [1, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, (0.0, None, 256, ())),
        ({"do_sample": True, "temperature": 0.5, "top_p": 0.9}, (0.5, 0.9, 256, ())),
        ({"do_sample": False, "temperature": 0.5}, (0.0, None, 256, ())),
        ({"until": "\n", "max_gen_toks": 5, "stream": "False"}, (0.0, None, 5, ("\n",))),
        ({"until": ["a", "b"], "max_new_tokens": "9"}, (0.0, None, 9, ("a", "b"))),
    ],
)
def test_generation_arguments_are_read_as_lm_eval_reads_them(kwargs: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert sampling(**kwargs) == expected


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"best_of": 5, "beams": 2}, "farm does not send beams, best_of"),
        ({"temperature": "hot"}, "that no server takes"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(kwargs: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        sampling(**kwargs)


def test_a_conversation_survives_its_way_through_lm_eval() -> None:
    history = [{"role": "user", "content": 'q "é"\n'}, {"role": "assistant", "content": "It is"}]
    prompt, chat = prompt_of(chat_context(history))
    assert chat and [m.model_dump() for m in prompt.messages] == history
    assert lm_eval_process._conversation(history) == chat_context(history)
    assert prompt_of("[1]")[1] is False
    with pytest.raises(ConfigError, match="no text of system, user or assistant"):
        prompt_of(chat_context([{"role": "tool", "content": "x"}]))
