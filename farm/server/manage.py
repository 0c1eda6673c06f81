"""Starts, lists, finds and stops the model servers of this host, whether they are containers or processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.errors import ConfigError
from farm.server.api_keys import server_secrets
from farm.server.engine import ServerEngine
from farm.server.host_checks import check_nodes, check_port, check_resources, has_hugepages
from farm.server.images import LaunchOptions
from farm.server.launch import Launch, plan_launch
from farm.server.local import LocalServer, check_local, local_servers, start_local, stop_local
from farm.server.log_follower import start_following
from farm.server.running import RunningServer

CPU = "cpu"


@dataclass(frozen=True, slots=True)
class ServerHandle:
    """One server, with the functions that stop and check it."""

    server: RunningServer
    stop: Callable[[], None]
    check_alive: Callable[[], None]  # ServerNotStarted if it has ended


def server_log(settings: Settings, spec: ModelSpec, server_id: str) -> Path:
    """Where a server's output goes: the layout of tt-inference-server's logs, under FARM_HOME."""
    kind = "cpu" if spec.device == CPU else "docker"
    return settings.home / "logs" / "server_logs" / f"{kind}_server_{server_id}.log"


def plan_container(spec: ModelSpec, options: LaunchOptions) -> Launch:
    """The container that `start` would start on this host."""
    return plan_launch(spec, options, hugepages=has_hugepages())


def start(
    spec: ModelSpec,
    settings: Settings,
    options: LaunchOptions,
    *,
    threads: int,
    host_check: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> ServerHandle:
    """Start a server of `spec`; it is not ready yet. Raises ConfigError or ServerNotStarted with the obstacle.

    The host is checked before anything is pulled or started. `say` is called before steps that take long.
    """
    if spec.device == CPU:
        check_port(options.bind, options.port, _holder(settings, options.port))
        if host_check:
            check_resources(spec, settings.home)
        return _local_handle(start_local(spec, settings, options, threads))
    secrets = server_secrets(spec, settings, no_auth=options.no_auth, has_weights=options.weights is not None)
    launch = plan_container(spec, options)
    engine = ServerEngine()
    if engine.is_local:  # of another host its engine must say it
        check_port(options.bind, options.port, _holder(settings, options.port))
        check_nodes(launch)
        if host_check:
            _check_room(spec, options, launch, engine)
    write_spec_file(launch)
    say(f"image {launch.image}: looking for it, else pulling it")
    engine.provide(launch.image)
    identity = engine.start(launch, secrets)
    start_following(identity, options.log)
    return _container_handle(engine, engine.look(identity), identity)


def _holder(settings: Settings, port: int) -> str:
    """The id of the server that farm started at this port; empty if there is none."""
    known = (handle.server for handle in handles(settings))
    return next((server.server_id for server in known if server.alive and server.url.endswith(f":{port}")), "")


def write_spec_file(launch: Launch) -> None:
    """Write the spec file that the container mounts, if its image needs one."""
    if launch.spec_file is not None:
        path, text = launch.spec_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _check_room(spec: ModelSpec, options: LaunchOptions, launch: Launch, engine: ServerEngine) -> None:
    """Check memory, and disk where weights and tensors will be stored unless an existing volume may hold them."""
    cache = options.cache if options.cache is not None and options.cache.startswith("/") else None
    volume = next((mount.source for mount in launch.mounts if mount.is_volume), None)
    if volume is not None and engine.has_volume(volume):
        check_resources(spec, None)
    else:
        check_resources(spec, Path(cache) if cache is not None else engine.root())


def handles(settings: Settings, say: Callable[[str], None] = lambda text: None) -> Iterator[ServerHandle]:
    """All servers that farm started on this host. `say` is called with the reason if containers cannot be listed."""
    yield from (_local_handle(local) for local in local_servers(settings))
    try:
        engine = ServerEngine()
    except ConfigError as exc:
        say(str(exc))
        return
    for server in engine.servers():
        yield _container_handle(engine, server, server.place.removeprefix("container "))


def find(settings: Settings, name: str | None) -> ServerHandle:
    """The server of that id, model or URL; without a name the only one. ConfigError that lists them, if unclear."""
    known = list(handles(settings))
    found = [handle for handle in known if name is None or _is(handle.server, name)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(handle.server.server_id for handle in found or known)
    if not known:
        raise ConfigError("no server that farm started is on this host", remedy="start one with: farm server start")
    if not found:
        raise ConfigError(f"no server {name}", remedy=f"there are {listed}")
    raise ConfigError(f"{len(found)} servers are meant", remedy=f"name one: {listed}")


def _is(server: RunningServer, name: str) -> bool:
    short = server.repo.rsplit("/", 1)[-1]
    return name.lower() in (server.server_id.lower(), server.repo.lower(), short.lower(), server.url.lower())


def running(settings: Settings, spec: ModelSpec, port: int | None = None) -> ServerHandle | None:
    """A living server of `spec` on this host, at `port` if that counts."""
    for handle in handles(settings):
        server = handle.server
        same = (server.repo, server.device) == (spec.repo, spec.device)
        if same and server.alive and (port is None or server.url.endswith(f":{port}")):
            return handle
    return None


def _local_handle(local: LocalServer) -> ServerHandle:
    return ServerHandle(local.server, stop=lambda: stop_local(local), check_alive=lambda: check_local(local))


def _container_handle(engine: ServerEngine, server: RunningServer, identity: str) -> ServerHandle:
    return ServerHandle(server, stop=lambda: engine.stop(identity), check_alive=lambda: engine.check_alive(identity))
