"""What a catalogue's server starts with that decides its answers: its own sampling, template variables, and a parser
that takes reasoning out of the text. Requests of farm carry the same, so that a run says what it measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from farm.catalogue.model_spec import ModelSpec
from farm.records import Sampling
from farm.records.fields import options_of

# Of vLLM's arguments, written with `_` or `-`
_GENERATION, _TEMPLATE, _PARSER = "override_generation_config", "default_chat_template_kwargs", "reasoning_parser"
THINKING_VARIABLES = ("enable_thinking", "thinking")  # of chat templates: Qwen3, gemma-4; DeepSeek


@dataclass(frozen=True, slots=True)
class ServerDefaults:
    """`sampling`: fields of Sampling that decide where a request does not; `template`: variables of the chat template;
    `parser`: the reasoning parser, empty where reasoning stays in the text."""

    sampling: Mapping[str, Any] = field(default_factory=dict)
    template: Mapping[str, Any] = field(default_factory=dict)
    parser: str = ""

    @property
    def thinking(self) -> bool | None:
        """Whether its answers begin with reasoning; None where nothing is said of it."""
        return thinking_by(self.template)

    def applied_to(self, sampling: Sampling, chosen: Sampling, *, chat: bool) -> Sampling:
        """`sampling` with what it leaves open, apart from the fields that a caller has set in `chosen`.

        Variables of the template join: those that are set in `sampling` stay.
        """
        changes = {
            name: value
            for name, value in self.sampling.items()
            if getattr(sampling, name) is None and name not in chosen.model_fields_set
        }
        if chat and self.template:
            changes["chat_template_kwargs"] = {**self.template, **(sampling.chat_template_kwargs or {})}
        return sampling.model_copy(update=changes)


def server_defaults(spec: ModelSpec) -> ServerDefaults:
    """What the server of `spec` is started with, as far as its arguments say. What no request can carry is left out."""
    arguments = {name.lstrip("-").replace("-", "_"): value for name, value in spec.vllm_args}
    return ServerDefaults(
        sampling=_sampling(_object(arguments.get(_GENERATION))),
        template=_object(arguments.get(_TEMPLATE)),
        parser=arguments.get(_PARSER, ""),
    )


def thinking_by(template: Mapping[str, Any] | None) -> bool | None:
    """What variables of a chat template say of thinking; None where they say nothing."""
    for name in THINKING_VARIABLES:
        if name in (template or {}):
            return bool((template or {})[name])
    return None


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _sampling(config: Mapping[str, Any]) -> dict[str, Any]:
    named = {option.sent_as: name for name, (_, option) in options_of(Sampling).items() if option.sent_as}
    found = {}
    for name, value in ((named[key], value) for key, value in config.items() if key in named):
        if name not in ("stop", "max_tokens"):
            with suppress(ValidationError):  # top_k -1, which only vLLM takes
                found[name] = getattr(Sampling(**{name: value}), name)
    return found
