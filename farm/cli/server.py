"""Before anything is planned or resumed: the model server answers, takes the key and has the model."""

from __future__ import annotations

import threading

import click

from farm.config import Settings
from farm.errors import AuthRejected, ConfigError, InferenceError
from farm.inference.auth import bearer, key_remedy
from farm.inference.client import Client
from farm.inference.readiness import ServerFacts, check, wait_ready
from farm.inference.transport import checked_url
from farm.records import ServedModel

DEFAULT_SERVER = "http://127.0.0.1:8000"

SERVER_URL = click.option(
    "--server-url", metavar="URL", help=f"Model server; default: FARM_SERVER_URL, else {DEFAULT_SERVER}."
)
WAIT_SERVER = click.option(
    "--wait-server", type=click.FloatRange(0, 86400), default=0.0, metavar="S", help="Wait so long for the server."
)


def ready_server(settings: Settings, model: ServedModel, given: str | None, budget_s: float) -> tuple[str, ServerFacts]:
    """The server's URL and what it says of itself.

    Raises an InferenceError with exit code 2: nothing was started, so the invocation is at fault.
    """
    url, origin = _place(given, settings)
    facts = _ready(settings, model, url, origin, budget_s)
    if not facts.as_expected:
        click.echo(
            f"caution: {url} serves {', '.join(facts.served)}, not {model.repo}; the report names both", err=True
        )
    return url, facts


def server_places(settings: Settings, given: str | None) -> tuple[str, ...]:
    """Where the model servers are said to be; nothing is asked there. ConfigError for what is no URL."""
    url, origin = _place(given, settings)
    return (checked_url(url, origin),)


def _place(given: str | None, settings: Settings) -> tuple[str, str]:
    if given:
        return given, "--server-url"
    if settings.server_url:
        return settings.server_url, settings.server_url_origin
    return DEFAULT_SERVER, "the default"


def _ready(settings: Settings, model: ServedModel, url: str, origin: str, budget_s: float) -> ServerFacts:
    token, token_origin = bearer(settings, model.engine)
    try:
        with Client(url, token=token, token_origin=token_origin, url_origin=origin) as client:
            if not budget_s:
                return check(client, model.repo, chat=model.chat)
            stop = threading.Event()
            return wait_ready(client, model.repo, chat=model.chat, budget_s=budget_s, stop=stop, on_progress=_waiting)
    except InferenceError as exc:
        if isinstance(exc, AuthRejected):
            exc.remedy = key_remedy(model.engine, token_origin)
        exc.exit_code = ConfigError.exit_code  # nothing was started: the invocation is at fault, not a run
        raise


def _waiting(elapsed_s: float, error: InferenceError) -> None:
    click.echo(f"waiting for the model server ({elapsed_s:.0f} s): {error}", err=True)
