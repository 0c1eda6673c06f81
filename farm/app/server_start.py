"""`farm server start`, and `--start-server` of a run: a model server of this host, ready to be asked."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from farm.app.catalogue import chosen_spec, open_catalogue
from farm.app.display import Display
from farm.app.model_servers import waited_for
from farm.app.requests import ModelChoice, StartServer
from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.errors import ConfigError, Interrupted
from farm.ids import new_run_id
from farm.inference.client_of import client_of
from farm.records import ServedModel
from farm.server import manage
from farm.server.images import DEFAULT_PORT, LaunchOptions
from farm.server.manage import ServerHandle

# Options of `farm server start` by the names that they have in `farm submit`
_OF_A_SERVER = re.compile(r"--(port|image|weights)\b")


@dataclass(frozen=True, slots=True)
class ServerStartRequest:
    """The model server of a catalogue's entry, and what is to be different about it."""

    model: ModelChoice
    port: int = DEFAULT_PORT
    bind: str = "127.0.0.1"
    image: str | None = None  # in place of the catalogue's
    device_nodes: tuple[str, ...] = ()  # none: all
    cache: str | None = None  # volume or folder of weights and tensors
    weights: Path | None = None  # a folder, or a GGUF file
    dev_mode: bool = False
    dev_source: Path | None = None  # a checkout that stands in for the image's own code; needs dev_mode
    no_auth: bool = False
    host_check: bool = True  # refuse to start where memory or disk seem to lack
    threads: int | None = None  # of device cpu; None: all cores but one
    arguments: tuple[str, ...] = ()  # to the server, after farm's own
    wait: bool = True  # until it is ready
    budget_s: float | None = None  # for that; None: the catalogue's budget

    def launch_options(self, settings: Settings, spec: ModelSpec, server_id: str) -> LaunchOptions:
        """The same as the server package takes it."""
        return LaunchOptions(
            server_id=server_id,
            log=manage.server_log(settings, spec, server_id),
            port=self.port,
            bind=self.bind,
            image=self.image,
            arguments=self.arguments,
            device_nodes=self.device_nodes or None,
            cache=self.cache,
            weights=self.weights,
            dev_mode=self.dev_mode or self.dev_source is not None,
            dev_source=self.dev_source,
            no_auth=self.no_auth,
        )


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What would be started."""

    spec: ModelSpec
    model: ServedModel
    options: LaunchOptions
    threads: int


def plan_server(settings: Settings, request: ServerStartRequest, display: Display) -> ServerPlan:
    """Look the model up in the catalogue; nothing is started. CatalogueError if it is not there."""
    chosen = request.model
    catalogue = open_catalogue(settings, chosen.catalogue)
    if not chosen.model:
        raise ConfigError("no --model is given", remedy="name one of the catalogue: farm models")
    if chosen.device is None:
        raise ConfigError("no --device is given", remedy="name the device that is to serve the model")
    spec = chosen_spec(catalogue, chosen, chosen.device, display)
    options = request.launch_options(settings, spec, new_run_id(f"{spec.name}-{spec.device}"))
    return ServerPlan(spec, catalogue.served(spec), options, request.threads or default_threads())


def start_server(settings: Settings, request: ServerStartRequest, display: Display) -> ServerHandle:
    """The server that runs already on that port, else one that is started now; ready, if `wait` says so.

    Raises ConfigError for what the host lacks, ServerNotStarted, Interrupted after Ctrl-C (the server goes on).
    """
    plan = plan_server(settings, request, display)
    handle = manage.running(settings, plan.spec, plan.options.port)
    if handle is not None:
        display.say(f"{plan.spec.name} is served already by {handle.server.server_id}")
    else:
        handle = _start(settings, plan, request.host_check, display)
    if request.wait:
        _wait_for(handle, plan.spec, plan.model, settings, display, request.budget_s)
    return handle


def started_server(
    settings: Settings, spec: ModelSpec, model: ServedModel, server_id: str, wanted: StartServer, display: Display
) -> str:
    """The URL of a server of `spec` on this host that is ready: the one that runs, else one that is started now."""
    handle = manage.running(settings, spec)
    if handle is not None:
        display.say(f"{spec.name} is served already by {handle.server.server_id}")
    else:
        options = LaunchOptions(
            server_id=server_id,
            log=manage.server_log(settings, spec, server_id),
            port=wanted.port,
            image=wanted.image,
            weights=wanted.weights,
        )
        try:
            handle = _start(settings, ServerPlan(spec, model, options, default_threads()), True, display)
        except ConfigError as exc:
            exc.remedy = _OF_A_SERVER.sub(r"--server-\1", exc.remedy)
            raise
    _wait_for(handle, spec, model, settings, display)
    return handle.server.url


def default_threads() -> int:
    """One core is left to the programs: threads that spin on it would make both slow."""
    return max(1, (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) - 1)


def _start(settings: Settings, plan: ServerPlan, host_check: bool, display: Display) -> ServerHandle:
    options = plan.options
    handle = manage.start(
        plan.spec, settings, options, threads=plan.threads, host_check=host_check, say=display.say
    )  # fmt: skip
    display.say(f"server {options.server_id} starts ({handle.server.place}); its log: {options.log}")
    return handle


def _wait_for(
    handle: ServerHandle,
    spec: ModelSpec,
    model: ServedModel,
    settings: Settings,
    display: Display,
    budget_s: float | None = None,
) -> None:
    """Return when the server answers; the error says why it never will, or has not within the catalogue's budget."""
    started = time.monotonic()
    budget = budget_s or spec.tensor_cache_timeout_s
    with client_of(settings, spec.engine, handle.server.url, url_origin="farm server start") as client:
        try:
            facts = waited_for(client, model, budget, display=display, check_alive=handle.check_alive)
        except KeyboardInterrupt:
            name = handle.server.server_id
            raise Interrupted(
                f"not waited for; the server {name} goes on starting",
                remedy=f"look with: farm server status; end it with: farm server stop {name}",
            ) from None
    context = f", context {facts.max_context}" if facts.max_context is not None else ""
    display.say(
        f"ready after {time.monotonic() - started:.0f} s: {handle.server.url} serves {', '.join(facts.served)}"
        f"{context}; stop it with: farm server stop {handle.server.server_id}"
    )
