"""Before anything is planned or resumed: the model server answers, takes the key and has the model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from farm.admission.slots import Slots
from farm.admission.waiting import Admission, NotWanted
from farm.app.catalogue import open_catalogue
from farm.app.display import Display
from farm.app.requests import ModelChoice, SubmitRequest
from farm.catalogue.catalogue import Catalogue
from farm.config import Settings
from farm.errors import AuthRejected, ConfigError, InferenceError, ModelNotFound, ServerNotStarted, Transient
from farm.inference.auth import bearer, key_remedy
from farm.inference.client import Client, Generated
from farm.inference.client_of import client_of
from farm.inference.connection.address import checked_url
from farm.inference.readiness import ServerFacts, check, probe_as, wait_ready
from farm.queue import broker
from farm.queue.broker_checks import require_one_server
from farm.queue.redis_keys import Keys
from farm.records import DriveOptions, Sampling, ServedModel
from farm.server.discovery import FoundServer, device_of_this_host, search
from farm.text import clock, one_line

DEFAULT_SERVER = "http://127.0.0.1:8000"
PROBE_SLOT_S = 3.0  # how long the probe waits for a slot


@dataclass(frozen=True, slots=True)
class ReadyServers:
    """The servers of a run, by their base URLs, and what those that are ready say of the model.

    `max_context` is that of the smallest, None where none says it. `model` is the run's, with the name that requests
    give it there and what it is made from. `answers` are the first ones: to the probes.
    """

    urls: tuple[str, ...]
    model: ServedModel
    max_context: int | None
    answers: tuple[Generated, ...]
    engine: str | None


def ready_servers(
    settings: Settings,
    model: ServedModel,
    given: tuple[str, ...],
    budget_s: float,
    display: Display,
    sampling: Sampling | None = None,
    drive: DriveOptions | None = None,
) -> ReadyServers:
    """The servers of a run, at least one of them ready. They are tried as the run will ask: `sampling` and `drive`.

    Of several, one that is not ready yet stays in the list: it gets work once it is well. Raises an
    InferenceError with exit code 2: nothing was started, so the invocation is at fault.
    """
    if settings.broker_url is not None:
        require_one_server(settings)  # a Redis that farm cannot use is found before anything is asked and recorded
    places = _places(given, settings)
    found: list[ServerFacts] = []
    failed: list[Transient] = []
    for url, origin in places.items():
        try:
            facts = _ready(settings, model, url, origin, budget_s, display, sampling, drive or DriveOptions())
        except Transient as exc:
            failed.append(exc)
            if len(failed) == len(places):
                raise
            continue
        found.append(facts)
        if not facts.model.as_expected:
            display.say(
                f"caution: {url} serves {', '.join(facts.served)}, not {model.request_name}; the report names both"
            )
    for reason in failed:
        display.say(f"caution: the run begins without one of its servers: {reason}")
    return ReadyServers(
        tuple(places),
        _as_named(model, found, display),
        min((facts.max_context for facts in found if facts.max_context is not None), default=None),
        tuple(facts.answer for facts in found if facts.answer is not None),
        next((facts.model.engine for facts in found if facts.model.engine is not None), None),
    )


def _as_named(model: ServedModel, found: Sequence[ServerFacts], display: Display) -> ServedModel:
    """The model by the name that its servers have for it. ConfigError if they have several: a request has one."""
    names = {facts.model.name: facts.model for facts in found}
    if len(names) > 1:
        raise ConfigError(
            f"the servers name the model differently: {', '.join(names)}",
            remedy="serve it under one name (vLLM: --served-model-name), or measure them in two runs",
        )
    [(name, listed)] = names.items()
    if name != model.request_name:
        display.say(f"the server's name for {model.repo} is {one_line(name, 100)}")
    elif listed.base:
        display.say(f"the server says that {one_line(name, 100)} is made from {one_line(listed.base, 100)}")
    served_as = "" if name == model.repo else name
    return model.model_copy(update={"served_as": served_as, "base": one_line(listed.base or model.base, 200)})


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
    drive: DriveOptions,
) -> ServerFacts:
    request = None if sampling is None else probe_as(model, sampling, stream=drive.stream)
    name, listed = model.request_name, drive.model_list
    try:
        with client_of(settings, model.engine, url, url_origin=origin) as client:
            admit = partial(_probe_slot, settings, model, url)
            if not budget_s:
                facts = check(client, name, chat=model.chat, request=request, listed=listed, admit=admit)
                return _named(facts, model, url)
            facts = wait_ready(
                client,
                name,
                chat=model.chat,
                request=request,
                listed=listed,
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
            exc.remedy = key_remedy(model.engine, bearer(settings, model.engine)[1])
        exc.exit_code = ConfigError.exit_code  # nothing was started: the invocation is at fault, not a run
        raise


def _named(facts: ServerFacts, model: ServedModel, url: str) -> ServerFacts:
    """ModelNotFound for a server of another model that answers for any name, unless the run takes that."""
    if not facts.model.as_expected and not model.any_name:
        raise ModelNotFound(
            f"{url} serves {', '.join(facts.served)}, not {model.request_name}, and answers for any name",
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
                model.request_name,
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


# --- a server of this host that was not named ---------------------------------------------------


def completed(settings: Settings, request: SubmitRequest, display: Display, *, ask: bool = True) -> SubmitRequest:
    """The request with the server, model and device of this host, where the user left out the model or the device.

    Raises ConfigError that says what was looked for and what was found.
    """
    choice = request.model
    if ask and unnamed(settings, request) and not (choice.model and choice.device):
        catalogue = open_catalogue(settings, choice.catalogue)
        wanted = (choice.model, *catalogue.repos(choice.model)) if choice.model else ()
        server = found_here(settings, request, wanted, display)
        if server is not None:
            choice = replace(choice, model=choice.model or server.names[0])
            choice = (
                choice if choice.device is not None else replace(choice, device=_device(choice, catalogue, display))
            )
            request = replace(request, model=choice, servers=replace(request.servers, urls=(server.url,)))
    if not choice.model:
        raise ConfigError("no --model is given", remedy="name it as the catalogue (farm models) or the server does")
    return request


def unnamed(settings: Settings, request: SubmitRequest) -> bool:
    """Whether the user named no model server, so that one of this host is looked for."""
    named = request.servers.urls or settings.server_url_origin not in ("", "SERVICE_PORT")
    return not named and request.start_server is None


def found_here(
    settings: Settings, request: SubmitRequest, wanted: Sequence[str], display: Display
) -> FoundServer | None:
    """The server of this host that has a model of one of these names; None: one is waited for at the usual place."""
    found = search(settings)
    if not found.servers and request.servers.wait_s:
        return None
    server = found.chosen(wanted)
    display.say(f"found {server.url}: {'; '.join(found.said)}")
    return server


def _device(choice: ModelChoice, catalogue: Catalogue, display: Display) -> str | None:
    """The device of this host, if the catalogue has the model on it; says what was found."""
    device, words = device_of_this_host()
    listed = device is not None and catalogue.has(choice.model, device)
    display.say(f"found {words}" + ("" if listed or device is None else f"; {choice.model} is not listed for it"))
    return device if listed else None
