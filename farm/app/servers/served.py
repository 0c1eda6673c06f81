"""Which model a submit means, and its servers: an entry of the catalogue, or what a server says of itself."""

from __future__ import annotations

from collections.abc import Sequence

from farm.app.catalogue import chosen_spec, open_catalogue
from farm.app.display import Display
from farm.app.model_servers import ReadyServers, found_here, ready_servers, server_places, unnamed
from farm.app.requests import SubmitRequest
from farm.app.server_start import started_server
from farm.app.servers.thinking import say_thinking
from farm.catalogue.catalogue import Catalogue
from farm.catalogue.engines import UNKNOWN
from farm.catalogue.model_spec import ModelSpec
from farm.catalogue.unlisted import is_unlisted, unlisted
from farm.config import Settings
from farm.errors import CatalogueError, ConfigError
from farm.inference.generation import Generated
from farm.planning.plan import Rules
from farm.records import ServedModel


def entry_of(settings: Settings, request: SubmitRequest, catalogue: Catalogue, display: Display) -> ModelSpec:
    """The catalogue's entry, or one for a model that only its server knows, where a server is named.

    CatalogueError for an unknown model without a server, ConfigError for one that needs a device.
    """
    chosen = request.model
    served = bool(request.servers.urls or settings.server_url) and request.start_server is None
    if chosen.device is None and served:
        return unlisted(catalogue, chosen.model, None, chosen.engine)
    if chosen.device is None:
        catalogue.of_model(chosen.model)  # a wrong name is the first thing to say
        raise ConfigError("no --device is given", remedy="name it, or a model server with --server-url")
    try:
        return chosen_spec(catalogue, chosen, chosen.device, display)
    except CatalogueError:
        if not served or catalogue.knows(chosen.model):
            raise
        return unlisted(catalogue, chosen.model, chosen.device, chosen.engine)


def served_model(
    settings: Settings, request: SubmitRequest, display: Display
) -> tuple[Catalogue, ModelSpec, ServedModel]:
    """The catalogue, the entry of the model that is asked for, and the model as requests name it. CatalogueError."""
    catalogue = open_catalogue(settings, request.model.catalogue)
    entry = entry_of(settings, request, catalogue, display)
    named = {"served_as": request.served_name or "", "any_name": request.servers.any_model}
    return catalogue, entry, catalogue.served(entry).model_copy(update=named)


def servers_of(
    settings: Settings,
    request: SubmitRequest,
    entry: ModelSpec,
    model: ServedModel,
    rules: Rules,
    run_id: str,
    display: Display,
    *,
    ask: bool,
) -> tuple[tuple[str, ...], ServedModel]:
    """The URLs of the run's servers, one of them started here if that is wished, and the model with their context."""
    given = request.servers.urls
    if request.start_server is not None and given:
        raise ConfigError("--start-server and --server-url exclude each other")
    if not ask:
        _say_thinking(entry, rules, (), display)
        return server_places(settings, given), model
    if unnamed(settings, request):
        server = found_here(settings, request, (model.request_name, model.repo, model.name), display)
        given = given if server is None else (server.url,)
    if request.start_server is not None:
        given = (started_server(settings, entry, model, run_id, request.start_server, display),)
    wait_s, drive = request.servers.wait_s, request.options.drive
    ready = ready_servers(settings, model, given, wait_s, display, rules.sampling, drive)
    _say_thinking(entry, rules, ready.answers, display)
    if is_unlisted(entry):
        return ready.urls, _as_the_server_says(ready, display)
    model = ready.model
    if ready.max_context is not None and ready.max_context < model.max_context:
        display.say(f"caution: the server's context is {ready.max_context}, not {model.max_context}")
        model = model.model_copy(update={"max_context": ready.max_context})
    return ready.urls, model


def _say_thinking(entry: ModelSpec, rules: Rules, answers: Sequence[Generated], display: Display) -> None:
    say_thinking(rules.protocol, entry, rules.sampling, answers, display)


def _as_the_server_says(ready: ReadyServers, display: Display) -> ServedModel:
    """A model that the catalogue does not have, with the limits that its server states."""
    model = ready.model
    says = "its server says" if ready.max_context is not None else "assumed, since its server does not say"
    engine = ready.engine if model.engine == UNKNOWN and ready.engine is not None else model.engine
    model = model.model_copy(update={"max_context": ready.max_context or model.max_context, "engine": engine})
    display.say(
        f"{model.repo} is not taken from the catalogue: context {model.max_context} ({says}), "
        f"{model.max_concurrency} requests at a time"
    )
    return model
