"""The model behind lm-eval's `--model_args`: which one, where it is served, and that it answers."""

from __future__ import annotations

from typing import Any

from farm.app.catalogue import open_catalogue
from farm.app.model_servers import ready_servers
from farm.config import Settings
from farm.errors import ConfigError
from farm.records import ServedModel
from farm.screen.terminal import Terminal

UNNAMED_DEVICE = "unknown"

# What tt-inference-server's and everybody's argument lists for `local-completions` hold and farm has no use for
IGNORED = frozenset(
    {
        "tokenizer", "tokenizer_backend", "tokenized_requests", "max_retries", "batch_size", "max_batch_size",
        "trust_remote_code", "eos_string", "dtype", "add_bos_token",
    }
)  # fmt: skip


def served_model(
    settings: Settings, model: str, device: str | None, *, concurrency: int | None, context: int | None
) -> ServedModel:
    """The catalogue's model where `device` is given; else one that is known by its name alone."""
    if device is not None:
        found = open_catalogue(settings).resolve(model, device, force=True)  # its server runs: the user named it
        changes: dict[str, Any] = {"max_concurrency": concurrency, "max_context": context}
        return found.model_copy(update={name: value for name, value in changes.items() if value is not None})
    return ServedModel(
        name=model.rstrip("/").rsplit("/", 1)[-1],
        repo=model,
        device=UNNAMED_DEVICE,
        max_concurrency=concurrency or 32,
        max_context=context or 32768,
    )


def ready(
    settings: Settings, model: ServedModel, url: str | None, *, wait_s: float, context_given: bool
) -> tuple[str, ServedModel]:
    """The server's URL, and the model with the context that the server states.

    Raises an InferenceError for a server that does not answer, refuses the key or has another model.
    """
    servers = ready_servers(settings, model, () if url is None else (url,), wait_s, Terminal())
    model, place, stated = servers.model, servers.urls[0], servers.max_context
    unknown = model.device == UNNAMED_DEVICE and not context_given
    if stated is not None and (unknown or stated < model.max_context):
        model = model.model_copy(update={"max_context": stated})
    return place, model


def refuse_unknown(arguments: dict[str, Any], known: str) -> None:
    """ConfigError for a model argument that farm does not have: it might decide the score."""
    unknown = sorted(arguments.keys() - IGNORED)
    if unknown:
        raise ConfigError(f"--model_args: farm has no {', '.join(unknown)}", remedy=f"it takes {known}")
