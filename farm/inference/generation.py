"""What one generation asks for and what comes back.

The text of an answer travels here as str, whatever it holds (lone surrogates, NUL): it becomes bytes
only in `farm.text.encode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from farm.catalogue.engines import LLAMACPP
from farm.ids import canonical_json, sha256_hex
from farm.inference.stop_strings import requested
from farm.records import Message, Prompt, Sampling, ServedModel, Usage
from farm.records.fields import sent

# The chat templates of Llama 3.2 and 3.3 stamp today's date unless they are given one, which changes a
# greedy prompt every day. This is the fixed default of Llama 3.1.
PINNED_DATE: Mapping[str, Any] = {"date_string": "26 Jul 2024"}


def pinned(model: str) -> Mapping[str, Any] | None:
    """The variables for the chat template of a model, by its names: the date for Llama's, None for others.

    Not for all, because servers refuse template variables where a model brings a tokenizer of Mistral's
    ("chat_template is not supported for Mistral tokenizers", vLLM).
    """
    return PINNED_DATE if "llama" in model.lower() else None


@dataclass(frozen=True)
class GenerateRequest:
    """One request: `messages` for the chat endpoint, or `prompt` for completions; exactly one of them.

    `parameters` are the fields of the body that decide how tokens are drawn, by the body's names. The answer is cut
    at the earliest of `stop`, whatever the server does with them. Times are seconds, counted from the start of the
    call: `first_token_s` is how long a server that is warming up may take to the first token, `stall_s` the longest
    silence after it, `deadline_s` the end in any case. They are generous because an aborted request can crash the
    TT backend.
    """

    model: str
    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    max_tokens: int = 2048
    parameters: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of the body
    omit: tuple[str, ...] = ()  # fields that are left out of the body
    stop: tuple[str, ...] = ()
    seed: int | None = None
    stream: bool = True
    chat_template_kwargs: Mapping[str, Any] | None = None
    deadline_s: float = 1800.0
    stall_s: float = 120.0
    first_token_s: float = 600.0

    def __post_init__(self) -> None:
        if bool(self.messages) == (self.prompt is not None):
            raise ValueError("a request has either messages or a prompt")

    @classmethod
    def of(cls, prompt: Prompt, served: ServedModel, sampling: Sampling, *, seed: int | None, **fields: Any) -> Self:
        """The request for one sample of `served`: chat, or the joined texts for a base model."""
        parameters = sent(sampling)
        variables = parameters.pop("chat_template_kwargs", None)
        if served.chat:
            fixed = pinned(f"{served.repo} {served.base}")
            fields["chat_template_kwargs"] = {**(fixed or {}), **(variables or {})} if fixed or variables else None
            fields["messages"] = prompt.messages
        else:
            fields["prompt"] = prompt.as_text()
        fields.setdefault("max_tokens", parameters.pop("max_tokens", sampling.max_tokens))
        if served.engine == LLAMACPP:
            # Its prompt cache makes answers to one seed differ, even one request at a time
            parameters["cache_prompt"] = False
            if "repetition_penalty" in parameters:  # of that name it takes no notice
                parameters["repeat_penalty"] = parameters.pop("repetition_penalty")
        parameters.pop("stop", None)
        return cls(
            model=served.request_name,
            parameters=parameters,
            extra=sampling.extra_body or {},
            omit=sampling.omit or (),
            stop=sampling.stop,
            seed=seed if sampling.sends("seed") else None,
            **fields,
        )

    @property
    def path(self) -> str:
        """The route of the API that takes this request."""
        return "/v1/chat/completions" if self.messages else "/v1/completions"

    def input_fields(self) -> dict[str, Any]:
        """The part of the body that decides what the model reads."""
        return {name: value for name, value in self._input_fields().items() if name not in self.omit}

    def _input_fields(self) -> dict[str, Any]:
        if not self.messages:
            return {"prompt": self.prompt}
        fields: dict[str, Any] = {"messages": [m.model_dump(mode="json") for m in self.messages]}
        if self.messages[-1].role == "assistant":  # an answer begun: vLLM's fields for going on with it
            fields.update(add_generation_prompt=False, continue_final_message=True)
        if self.chat_template_kwargs is not None:
            fields["chat_template_kwargs"] = dict(self.chat_template_kwargs)
        return fields

    def prompt_digest(self) -> str:
        """SHA-256 of what the model reads, to tell two runs' prompts apart."""
        return sha256_hex(canonical_json(self.input_fields()))

    def body(self, *, stream: bool) -> dict[str, Any]:
        """The request body, as sent."""
        body: dict[str, Any] = {"model": self.model, **self.input_fields(), "max_tokens": self.max_tokens}
        body.update(self.parameters)
        if self.seed is not None:
            body["seed"] = self.seed
        if self.stop:
            body["stop"] = requested(self.stop)
        body["stream"] = stream
        if stream:
            body["stream_options"] = {"include_usage": True}
        body.update(self.extra)
        return {name: value for name, value in body.items() if name not in self.omit}


@dataclass(frozen=True)
class Generated:
    """A model's answer. `finish_reason` is `length` where the server or farm's own cap cut it.

    `cut_at` is the stop string where farm cut the text; `stop_reason` what vLLM says that ended it, a stop string or
    the number of a token.
    """

    text: str
    reasoning: str | None = None
    reasoning_field: str = ""  # of the answer, that held it
    finish_reason: str | None = None
    stop_reason: str | None = None
    cut_at: str | None = None
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    latency_s: float = 0.0
    ttft_s: float | None = None
    requests: int = 1
