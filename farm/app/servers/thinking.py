"""Before a run: whether the model will think, by what is asked, by the catalogue and by the server's first answers."""

from __future__ import annotations

from collections.abc import Sequence

from farm.app.display import Display
from farm.catalogue.model_spec import ModelSpec
from farm.catalogue.server_defaults import server_defaults, thinking_by
from farm.errors import ConfigError
from farm.inference.generation import Generated
from farm.inference.thought import begins_thinking, thought_of
from farm.protocols import Protocol
from farm.records import Sampling

_ON = "--chat-template-kwarg enable_thinking=true"
_OFF = "--chat-template-kwarg enable_thinking=false"


def asked_to_think(sampling: Sampling) -> bool | None:
    """Whether requests turn thinking on or off; None where they leave it to the server."""
    if sampling.reasoning_effort is not None and sampling.sends("reasoning_effort"):
        return sampling.reasoning_effort != "none"
    return thinking_by(sampling.chat_template_kwargs) if sampling.sends("chat_template_kwargs") else None


def refuse_without_thinking(
    protocol: Protocol, entry: ModelSpec, sampling: Sampling, chosen: Sampling, display: Display
) -> None:
    """ConfigError where the protocol measures reasoning and the catalogue's server starts without it.

    A caution where the caller turned it off: `chosen` are the fields that the caller set.
    """
    if not protocol.thinking or asked_to_think(sampling) is not False:
        return
    if asked_to_think(chosen) is False:
        display.say(f"caution: protocol {protocol.ident} measures answers with reasoning, and requests turn it off")
        return
    raise ConfigError(
        f"protocol {protocol.ident} measures answers with reasoning, and {entry.name} on {entry.device} starts with "
        "enable_thinking: false",
        remedy=f"turn it on with {_ON}, or choose a protocol without reasoning: --protocol official",
    )


def say_thinking(
    protocol: Protocol, entry: ModelSpec, sampling: Sampling, answers: Sequence[Generated], display: Display
) -> None:
    """Say what is known, and a caution where the server's first answers are not what the protocol measures."""
    asked, seen = asked_to_think(sampling), _seen(answers)
    defaults = server_defaults(entry)
    if asked is None and not seen and not protocol.thinking and not defaults.parser:
        return
    display.say(f"thinking: {_asked_words(asked, defaults.parser)}; {_seen_words(seen, bool(answers))}")
    if not answers:
        return
    if protocol.thinking and not seen and asked is not False:
        display.say(
            f"caution: protocol {protocol.ident} measures answers with reasoning, and the server's first answer shows "
            f"none; if the model can think, turn it on ({_ON}, or --reasoning-effort)"
        )
    if seen and not protocol.thinking:
        display.say(
            f"caution: the model thinks, and {protocol.ident} does not expect it: {sampling.max_tokens} tokens hold "
            f"reasoning and answer; --protocol reason has room for both, {_OFF} turns it off where the model can"
        )


def _seen(answers: Sequence[Generated]) -> str:
    """Where the first of the answers that reasons does so; empty where none does."""
    for answer in answers:
        thought = thought_of(answer)
        found = thought.where if thought is not None else begins_thinking(answer.text)
        if found:
            return found
    return ""


def _asked_words(asked: bool | None, parser: str) -> str:
    how = {True: "requests turn it on", False: "requests turn it off", None: "left to the server"}[asked]
    return f"{how} (its reasoning parser: {parser})" if parser else how


def _seen_words(seen: str, any_answer: bool) -> str:
    if not any_answer:
        return "the server was not asked"
    return f"the server's first answer reasons, in `{seen}`" if seen else "the server's first answer shows none"
