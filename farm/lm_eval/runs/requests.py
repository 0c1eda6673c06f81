"""lm-eval's requests in farm's words: a prompt, a sampling, samples of a problem.

Pure, and without lm-eval: it touches an Instance's `args`, `doc`, `doc_id` and `task_name` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from farm.errors import ConfigError
from farm.ids import canonical_json
from farm.records import Message, Prompt, Sampling
from farm.records.fields import options_of
from farm.text import one_line

MAX_GEN_TOKS = 256  # lm-eval's, where neither task nor user says otherwise
CHAT = '{"farm_chat": '  # how a context begins that is a conversation, not a text


class Instance(Protocol):
    """What is used of lm-eval's."""

    args: tuple[Any, ...]
    doc: dict[str, Any]
    doc_id: int | None
    task_name: str | None


@dataclass(slots=True)
class Group:
    """Requests that one run can carry: of one task, with one sampling and so many samples each."""

    task: str
    sampling: Sampling
    chat: bool
    documents: list[Instance] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)


def chat_context(history: Sequence[Mapping[str, str]]) -> str:
    """What `apply_chat_template` returns: the conversation itself, since the server has the template."""
    return CHAT + json.dumps(list(history), ensure_ascii=False) + "}"


def prompt_of(context: str) -> tuple[Prompt, bool]:
    """The prompt in a context, and whether it is a conversation. ConfigError for a role that no server knows."""
    if not context.startswith(CHAT):
        return Prompt(messages=(Message(role="user", content=context),)), False
    try:
        messages = [Message(role=m["role"], content=m["content"]) for m in json.loads(context)["farm_chat"]]
        return Prompt(messages=tuple(messages)), True
    except (ValidationError, KeyError, TypeError) as exc:
        raise ConfigError("a conversation of lm-eval's holds what is no text of system, user or assistant") from exc


def group(instances: Iterable[Instance], *, seed: int, max_gen_toks: int = MAX_GEN_TOKS) -> list[Group]:
    """The requests by run. lm-eval repeats a request by naming the same Instance again: n is its count."""
    counts: dict[int, int] = {}
    distinct: dict[int, Instance] = {}
    for instance in instances:
        counts[id(instance)] = counts.get(id(instance), 0) + 1
        distinct[id(instance)] = instance
    groups: dict[bytes, Group] = {}
    for place, instance in distinct.items():
        task = instance.task_name or "task"
        sampling = sampling_of(instance.args[1], n=counts[place], seed=seed, max_gen_toks=max_gen_toks, task=task)
        prompt, chat = prompt_of(str(instance.args[0]))
        key = canonical_json([task, chat, sampling.model_dump(mode="json")])
        found = groups.setdefault(key, Group(task, sampling, chat))
        found.documents.append(instance)
        found.prompts.append(prompt)
    return list(groups.values())


def sampling_of(kwargs: Mapping[str, Any], *, n: int, seed: int, max_gen_toks: int, task: str) -> Sampling:
    """lm-eval's generation arguments as its API models read them: greedy unless a temperature is given.

    ConfigError names one that farm cannot send: it would decide the score.
    """
    given = dict(kwargs)
    given.pop("stream", None)
    if given.pop("do_sample", None) is False:
        given["temperature"] = 0.0
    limits = [
        given.pop(name, None) for name in ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
    ]
    until = given.pop("until", None) or ()
    values: dict[str, Any] = {
        "n": n,
        "temperature": 0.0,
        "max_tokens": next((limit for limit in limits if limit is not None), max_gen_toks),
        "stop": (until,) if isinstance(until, str) else tuple(until),
        "seed": given.pop("seed", seed),
    }
    arguments = {option.sent_as: name for name, (_, option) in options_of(Sampling).items() if option.sent_as}
    for argument, name in {**arguments, "extra_body": "extra_body"}.items():
        if argument in given:
            values[name] = given.pop(argument)
    if given:
        raise ConfigError(
            f"task {task}: farm does not send {', '.join(sorted(given))}",
            remedy="leave it out of generation_kwargs and --gen_kwargs",
        )
    try:
        return Sampling.model_validate(values, strict=False)  # lm-eval's arguments may be texts
    except (ValidationError, ValueError, TypeError) as exc:
        raise ConfigError(f"task {task}: generation arguments that no server takes: {one_line(str(exc), 200)}") from exc
