"""Is this server up, does it serve the right model, and does it answer?

Health alone is not enough: tt-inference-server says 200 on `/health` while it still compiles its
traces, some servers have no such route, and llama.cpp answers for any model name. So three steps:
`/health` (skipped on 404), the served name in `/v1/models`, and one generated token. Slow is not
dead: the first answer has the whole budget.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from farm.errors import ConnectionLost, InferenceError, ModelNotFound, ServerBusy, ServerError, Transient
from farm.inference.client import Client, Generated, GenerateRequest
from farm.inference.model_list import Listed, find, names_in
from farm.records import Message, Prompt, Sampling, ServedModel
from farm.text import one_line

PROBE_TOKENS = 16  # some servers and models refuse fewer, or give no text within them


@dataclass(frozen=True)
class ServerFacts:
    """What a ready server says of itself, and its answer to the probe, None where all its slots were taken."""

    served: tuple[str, ...]
    model: Listed
    has_health: bool
    probe_s: float
    answer: Generated | None

    @property
    def max_context(self) -> int | None:
        """Tokens of one request; None where it does not say."""
        return self.model.max_context


Admit = Callable[[], AbstractContextManager[bool]]


def check(
    client: Client,
    expected_model: str,
    *,
    chat: bool = True,
    request: GenerateRequest | None = None,
    listed: bool = True,
    probe_s: float = 600.0,
    admit: Admit = lambda: nullcontext(True),
) -> ServerFacts:
    """Raises unless the server is ready for requests to `expected_model`. The probe may take `probe_s` seconds.

    `request` is what the server is tried with (see `probe_as`), under the name that its list has for the model;
    without it, the smallest request there is. Not `listed`: the server has no list of models.
    The probe is made inside `admit()`; it is left out where that says False: all slots of the server are taken.
    ConnectionLost names the URL, where it came from and what to do; ModelNotFound lists what is served.
    """
    try:
        has_health = client.health() is not None
        rows = client.models() if listed else []
    except ConnectionLost as exc:
        raise ConnectionLost(
            f"no model server answers at {exc.message}",
            remedy="start it (farm server start), name another by --server-url, or wait for it with --wait-server S",
        ) from exc
    served = names_in(rows)
    model = find(rows, expected_model) if listed else Listed(expected_model, True, "", None, None)
    if model is None:
        raise ModelNotFound(
            f"{client.place} serves {', '.join(one_line(name, 80) for name in served) or 'no model'}, "
            f"not {expected_model}",
            remedy="name the one that is meant with --served-model-name, or start a server with the right one",
        )
    started = time.monotonic()
    answer = None
    with admit() as admitted:
        if admitted:
            wish = request or probe(expected_model, chat, probe_s)
            patient = replace(wish, model=model.name, deadline_s=probe_s, first_token_s=probe_s, stall_s=probe_s)
            answer = client.generate(patient)
    return ServerFacts(
        served=served,
        model=model,
        has_health=has_health,
        probe_s=time.monotonic() - started,
        answer=answer,
    )


def wait_ready(
    client: Client,
    expected_model: str,
    *,
    chat: bool = True,
    request: GenerateRequest | None = None,
    listed: bool = True,
    budget_s: float,
    stop: threading.Event,
    on_progress: Callable[[float, InferenceError], None] | None = None,
    interval_s: float = 2.0,
    admit: Admit = lambda: nullcontext(True),
) -> ServerFacts:
    """`check` again and again, for `budget_s` seconds (a catalogue entry's `tensor_cache_timeout`).

    `on_progress` is told the seconds so far and why the server is not ready. Only what time can heal
    is waited for: a refused key or a wrong model is raised at once, and so is the last error when the
    budget is spent or `stop` is set.
    """
    started = time.monotonic()
    while True:
        elapsed = time.monotonic() - started
        try:
            left_s = max(1.0, budget_s - elapsed)
            return check(client, expected_model, chat=chat, request=request, listed=listed, probe_s=left_s, admit=admit)
        except Transient as exc:
            elapsed = time.monotonic() - started
            if elapsed + interval_s > budget_s:
                raise _still(exc, budget_s) from exc
            if on_progress is not None:
                on_progress(elapsed, exc)
            if stop.wait(interval_s):
                raise


def _still(error: Transient, budget_s: float) -> Transient:
    """The same kind of error, saying that the whole budget was waited for."""
    message = f"the model server was not ready within {budget_s:g} s: {error.message}"
    kind = type(error) if isinstance(error, ConnectionLost | ServerError | ServerBusy) else ServerError
    return kind(message, remedy=error.remedy or "look at the server's log")


def probe_as(model: ServedModel, sampling: Sampling, *, stream: bool = True) -> GenerateRequest:
    """A small request with the fields of a run's own requests, so that a server refuses here what it would refuse."""
    prompt = Prompt(messages=(Message(role="user", content="Hi"),))
    return GenerateRequest.of(prompt, model, sampling, seed=sampling.seed, max_tokens=PROBE_TOKENS, stream=stream)


def probe(model: str, chat: bool, probe_s: float) -> GenerateRequest:
    """The smallest request that tells whether a server answers."""
    return GenerateRequest(
        model=model,
        messages=(Message(role="user", content="Hi"),) if chat else (),
        prompt=None if chat else "Hi",
        max_tokens=PROBE_TOKENS,
        parameters={"temperature": 0.0},
        deadline_s=probe_s,
        first_token_s=probe_s,
        stall_s=probe_s,
    )
