"""Before anything is planned or resumed: the model server answers, takes the key and has the model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from farm.admission.slots import Slots
from farm.admission.waiting import Admission, NotWanted
from farm.app.display import Display
from farm.config import Settings
from farm.errors import AuthRejected, ConfigError, InferenceError, ModelNotFound, ServerNotStarted, Transient
from farm.inference.auth import bearer, key_remedy
from farm.inference.client import Client
from farm.inference.readiness import ServerFacts, check, probe_as, wait_ready
from farm.inference.transport import checked_url
from farm.queue import broker
from farm.queue.redis_keys import Keys
from farm.records import Sampling, ServedModel
from farm.text import clock

DEFAULT_SERVER = "http://127.0.0.1:8000"
PROBE_SLOT_S = 3.0  # how long the probe waits for a slot


@dataclass(frozen=True, slots=True)
class ReadyServers:
    """The servers of a run, by their base URLs. `max_context` is that of the smallest, None where none says it."""

    urls: tuple[str, ...]
    max_context: int | None


def ready_servers(
    settings: Settings,
    model: ServedModel,
    given: tuple[str, ...],
    budget_s: float,
    display: Display,
    sampling: Sampling | None = None,
) -> ReadyServers:
    """The servers of a run, at least one of them ready. They are tried with the fields of the run's `sampling`.

    Of several, one that is not ready yet stays in the list: it gets work once it is well. Raises an
    InferenceError with exit code 2: nothing was started, so the invocation is at fault.
    """
    places = _places(given, settings)
    contexts: list[int] = []
    failed: list[Transient] = []
    for url, origin in places.items():
        try:
            facts = _ready(settings, model, url, origin, budget_s, display, sampling)
        except Transient as exc:
            failed.append(exc)
            if len(failed) == len(places):
                raise
            continue
        if facts.max_context is not None:
            contexts.append(facts.max_context)
        if not facts.as_expected:
            display.say(f"caution: {url} serves {', '.join(facts.served)}, not {model.repo}; the report names both")
    for reason in failed:
        display.say(f"caution: the run begins without one of its servers: {reason}")
    return ReadyServers(tuple(places), min(contexts, default=None))


def server_places(settings: Settings, given: tuple[str, ...]) -> tuple[str, ...]:
    """Where the model servers are said to be; nothing is asked there. ConfigError for what is no URL."""
    return tuple(_places(given, settings))


def _places(given: tuple[str, ...], settings: Settings) -> dict[str, str]:
    """Base URL -> where it came from."""
    if given:
        return {checked_url(url, "--server-url"): "--server-url" for url in given}
    if settings.server_url:
        return {checked_url(settings.server_url, settings.server_url_origin): settings.server_url_origin}
    return {DEFAULT_SERVER: "the default"}


def _ready(
    settings: Settings,
    model: ServedModel,
    url: str,
    origin: str,
    budget_s: float,
    display: Display,
    sampling: Sampling | None,
) -> ServerFacts:
    request = None if sampling is None else probe_as(model, sampling)
    token, token_origin = bearer(settings, model.engine)
    try:
        with Client(url, token=token, token_origin=token_origin, url_origin=origin) as client:
            admit = partial(_probe_slot, settings, model, url)
            if not budget_s:
                return _named(check(client, model.repo, chat=model.chat, request=request, admit=admit), model, url)
            facts = wait_ready(
                client,
                model.repo,
                chat=model.chat,
                request=request,
                budget_s=budget_s,
                stop=threading.Event(),
                on_progress=lambda elapsed_s, error: display.say(
                    f"waiting for the model server ({elapsed_s:.0f} s): {error}"
                ),
                admit=admit,
            )
            return _named(facts, model, url)
    except InferenceError as exc:
        if isinstance(exc, AuthRejected):
            exc.remedy = key_remedy(model.engine, token_origin)
        exc.exit_code = ConfigError.exit_code  # nothing was started: the invocation is at fault, not a run
        raise


def _named(facts: ServerFacts, model: ServedModel, url: str) -> ServerFacts:
    """ModelNotFound for a server of another model that answers for any name, unless the run takes that."""
    if not facts.as_expected and not model.any_name:
        raise ModelNotFound(
            f"{url} serves {', '.join(facts.served)}, not {model.repo}, and answers for any name",
            remedy="name the model that is served, or take its answers all the same with --any-model",
        )
    return facts


@contextmanager
def _probe_slot(settings: Settings, model: ServedModel, url: str) -> Iterator[bool]:
    """A slot of the server for the probe, where runs share servers; False if others have them all.

    A server whose slots are all taken is at work: that is the better proof.
    """
    if settings.broker_url is None:
        yield True
        return
    connection = broker.client(settings, retries=0)
    admission = Admission(Slots(connection, Keys(settings.key_prefix)), "readiness")
    ends = time.monotonic() + PROBE_SLOT_S
    try:
        with admission.slot("readiness", (url,), model.max_concurrency, lambda: time.monotonic() < ends):
            yield True
    except NotWanted:
        yield False
    finally:
        admission.close()
        connection.close()


def waited_for(
    client: Client,
    model: ServedModel,
    budget_s: float,
    *,
    display: Display,
    check_alive: Callable[[], None] = lambda: None,
) -> ServerFacts:
    """What the server says of itself once it is ready, within the budget; shows how far it is.

    `check_alive` raises when nothing will come any more. Errors have exit code 2.
    """
    with display.status() as show:

        def waiting(elapsed_s: float, error: InferenceError) -> None:
            check_alive()
            show(f"waiting for the model server, {clock(elapsed_s)} of at most {clock(budget_s)}: {error.message}")

        try:
            return wait_ready(
                client,
                model.repo,
                chat=model.chat,
                budget_s=budget_s,
                stop=threading.Event(),
                on_progress=waiting,
                interval_s=1.0,
            )
        except InferenceError as exc:
            if not isinstance(exc, ServerNotStarted):
                check_alive()
            exc.exit_code = ConfigError.exit_code
            raise
