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
from typing import Any

from farm.errors import ConnectionLost, InferenceError, ModelNotFound, ServerBusy, ServerError, Transient
from farm.inference.client import Client, GenerateRequest
from farm.records import Message, Prompt, Sampling, ServedModel
from farm.text import one_line

PROBE_TOKENS = 16  # some servers and models refuse fewer, or give no text within them


@dataclass(frozen=True)
class ServerFacts:
    """What a ready server says of itself. `max_context` is per request, None where it does not say.

    `as_expected` is False where it serves a model of another name and answers all the same.
    """

    served: tuple[str, ...]
    as_expected: bool
    max_context: int | None
    has_health: bool
    probe_s: float


Admit = Callable[[], AbstractContextManager[bool]]


def check(
    client: Client,
    expected_model: str,
    *,
    chat: bool = True,
    request: GenerateRequest | None = None,
    probe_s: float = 600.0,
    admit: Admit = lambda: nullcontext(True),
) -> ServerFacts:
    """Raises unless the server is ready for requests to `expected_model`. The probe may take `probe_s` seconds.

    `request` is what the server is tried with (see `probe_as`); without it, the smallest request there is.
    The probe is made inside `admit()`; it is left out where that says False: all slots of the server are taken.
    ConnectionLost names the URL, where it came from and what to do; ModelNotFound lists what is served.
    """
    try:
        has_health = client.health() is not None
        rows = client.models()
    except ConnectionLost as exc:
        raise ConnectionLost(
            f"no model server answers at {exc.message}",
            remedy="start it (farm server start), name another by --server-url, or wait for it with --wait-server S",
        ) from exc
    served, row = _served(rows, expected_model)
    as_expected = row is not None
    if row is None and len(rows) == 1 and rows[0].get("owned_by") == "llamacpp":
        row = rows[0]  # llama.cpp has one model and takes any name for it; the caller says so
    if row is None:
        raise ModelNotFound(
            f"{client.place} serves {', '.join(one_line(name, 80) for name in served) or 'no model'}, "
            f"not {expected_model}",
            remedy="name the model that is served, or start a server with the right one",
        )
    started = time.monotonic()
    with admit() as admitted:
        if admitted:
            wish = request or probe(expected_model, chat, probe_s)
            client.generate(replace(wish, deadline_s=probe_s, first_token_s=probe_s, stall_s=probe_s))
    return ServerFacts(
        served=served,
        as_expected=as_expected,
        max_context=_max_context(row),
        has_health=has_health,
        probe_s=time.monotonic() - started,
    )


def wait_ready(
    client: Client,
    expected_model: str,
    *,
    chat: bool = True,
    request: GenerateRequest | None = None,
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
            return check(client, expected_model, chat=chat, request=request, probe_s=left_s, admit=admit)
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


def _served(rows: list[dict[str, Any]], expected: str) -> tuple[tuple[str, ...], dict[str, Any] | None]:
    """All served names, and the row of the expected one; llama.cpp lists further names as aliases."""
    names: list[str] = []
    found = None
    for row in rows:
        aliases = row.get("aliases")
        own = [row["id"], *(a for a in (aliases if isinstance(aliases, list) else []) if isinstance(a, str))]
        names += own
        if expected in own:
            found = row
    return tuple(dict.fromkeys(names)), found


def _max_context(row: dict[str, Any]) -> int | None:
    """vLLM: `max_model_len`; llama.cpp: `meta.n_ctx`, the context of one slot."""
    meta = row.get("meta")
    for value in (row.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None):
        if isinstance(value, int) and value > 0:
            return value
    return None


def probe_as(model: ServedModel, sampling: Sampling) -> GenerateRequest:
    """A small request with the fields of a run's own requests, so that a server refuses here what it would refuse."""
    prompt = Prompt(messages=(Message(role="user", content="Hi"),))
    return GenerateRequest.of(prompt, model, sampling, seed=sampling.seed, max_tokens=PROBE_TOKENS)


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
