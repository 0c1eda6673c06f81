"""`farm server start`, `status`, `logs`, `stop`: the model server itself."""

from __future__ import annotations

import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from farm.app.model_servers import waited_for
from farm.catalogue.model_spec import ModelSpec
from farm.cli.options.catalogue import CATALOGUE, open_catalogue
from farm.cli.options.confinement import F, all_of
from farm.config import Settings, load
from farm.errors import ConfigError, FarmError, Interrupted
from farm.ids import new_run_id
from farm.inference.auth import bearer
from farm.inference.client import Client
from farm.records import ServedModel
from farm.screen.terminal import Terminal
from farm.server import manage
from farm.server.api_keys import server_secrets
from farm.server.images import DEFAULT_PORT, LaunchOptions
from farm.server.launch import run_line
from farm.server.local import command_line, model_file
from farm.server.manage import CPU, ServerHandle
from farm.text import one_line

# Options of `farm server start` by the names that they have in `farm submit`
_OF_A_SERVER = re.compile(r"--(port|image|weights)\b")
STATUS_S = 3.0  # for a server to answer `farm server status`

_HOW: Callable[[F], F] = all_of(
    click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True),
    click.option("--bind", default="127.0.0.1", show_default=True, help="Address; 0.0.0.0 for other hosts' workers."),
    click.option("--image", help="In place of the catalogue's image."),
    click.option("--device-node", "device_nodes", multiple=True, help="/dev/tenstorrent/0 and the like; default: all."),
    click.option(
        "--cache", metavar="VOLUME|FOLDER", help="For weights and tensors; default: tt-inference-server's volume."
    ),
    click.option("--weights", type=click.Path(exists=True, path_type=Path), help="Folder of weights, or a GGUF file."),
    click.option("--dev-mode", is_flag=True, help="The image's development variant."),
    click.option(
        "--dev-source",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="With --dev-mode: a checkout of tt-inference-server that stands in for the image's own code.",
    ),
    click.option("--no-auth", is_flag=True, help="Anybody who reaches the server may use it."),
    click.option("--no-host-check", is_flag=True, help="Start although memory or disk seem to lack."),
    click.option("--threads", type=click.IntRange(1, 1024), help="Of device cpu; default: all cores but one."),
)


@click.command()
@click.option("--model", required=True, help="Short name or HF repo id, as in the catalogue (farm models).")
@click.option("--device", required=True, help="n150, n300, t3k, ..., cpu.")
@click.option("--engine", help="Of several catalogue entries: vLLM, forge, llama.cpp.")
@click.option("--impl", help="Of several catalogue entries: the implementation.")
@CATALOGUE
@_HOW
@click.option("--wait", "budget_s", type=click.FloatRange(1), metavar="S", help="Default: the catalogue's budget.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is ready.")
@click.option("--print-command", is_flag=True, help="Print the docker run line, without secrets, and start nothing.")
@click.argument("arguments", nargs=-1)
def start(**options: Any) -> int:
    """Start the model server that the catalogue names, and wait until it answers.

    It runs on after this command, for any number of runs, until `farm server stop`. ARGUMENTS, behind --, go to
    the server behind farm's own.
    """
    settings = load()
    catalogue = open_catalogue(settings, options["catalogue"])
    spec = catalogue.spec(options["model"], options["device"], engine=options["engine"], impl=options["impl"])
    server_id = new_run_id(f"{spec.name}-{spec.device}")
    how = LaunchOptions(
        server_id=server_id,
        log=manage.server_log(settings, spec, server_id),
        port=options["port"],
        bind=options["bind"],
        image=options["image"],
        arguments=options["arguments"],
        device_nodes=options["device_nodes"] or None,
        cache=options["cache"],
        weights=options["weights"],
        dev_mode=options["dev_mode"] or options["dev_source"] is not None,
        dev_source=options["dev_source"],
        no_auth=options["no_auth"],
    )
    threads = options["threads"] or default_threads()
    if options["print_command"]:
        click.echo(_printed(spec, settings, how, threads))
        return 0
    handle = manage.running(settings, spec, how.port)
    if handle is not None:
        click.echo(f"{spec.name} is served already by {handle.server.server_id}", err=True)
    else:
        check = not options["no_host_check"]
        handle = manage.start(spec, settings, how, threads=threads, host_check=check, say=_say)
        _say(f"server {server_id} starts ({handle.server.place}); its log: {how.log}")
    if not options["no_wait"]:
        wait_for(handle, spec, catalogue.served(spec), settings, options["budget_s"])
    click.echo(handle.server.url)
    return 0


def started_server(
    settings: Settings, spec: ModelSpec, model: ServedModel, server_id: str, options: dict[str, Any]
) -> str:
    """The URL of a server of `spec` on this host that is ready: the one that runs, else one that is started now.

    `options`: those of --start-server (farm/cli/options/model_servers.py).
    """
    handle = manage.running(settings, spec)
    if handle is not None:
        _say(f"{spec.name} is served already by {handle.server.server_id}")
    else:
        how = LaunchOptions(
            server_id=server_id,
            log=manage.server_log(settings, spec, server_id),
            port=options["server_port"],
            image=options["server_image"],
            weights=options["server_weights"],
        )
        try:
            handle = manage.start(spec, settings, how, threads=default_threads(), say=_say)
        except ConfigError as exc:
            exc.remedy = _OF_A_SERVER.sub(r"--server-\1", exc.remedy)
            raise
        _say(f"server {server_id} starts ({handle.server.place}); its log: {how.log}")
    wait_for(handle, spec, model, settings)
    return handle.server.url


def default_threads() -> int:
    """One core is left to the programs: threads that spin on it would make both slow."""
    return max(1, (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) - 1)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _printed(spec: ModelSpec, settings: Settings, how: LaunchOptions, threads: int) -> str:
    if spec.device == CPU:
        return shlex.join(command_line(spec, model_file(spec, how.weights), how, threads))
    try:
        launch = manage.plan_container(spec, how)
    except ConfigError as exc:
        if how.weights is not None:
            raise
        _say(f"caution: {exc}")
        launch = manage.plan_container(spec, replace(how, weights=Path("/FOLDER/OF/WEIGHTS")))
    try:
        names = tuple(server_secrets(spec, settings, no_auth=how.no_auth, has_weights=how.weights is not None))
    except ConfigError as exc:
        _say(f"caution: {exc}")
        names = ("JWT_SECRET", "HF_TOKEN") if spec.auth_style == "jwt" else ("API_KEY", "HF_TOKEN")
    if launch.spec_file is not None:
        manage.write_spec_file(launch)
        _say(f"wrote {launch.spec_file[0]}, which the line mounts")
    return run_line(launch, names)


def wait_for(
    handle: ServerHandle, spec: ModelSpec, model: ServedModel, settings: Settings, budget_s: float | None = None
) -> None:
    """Return when the server answers; the error says why it never will, or has not within the catalogue's budget."""
    token, origin = bearer(settings, spec.engine)
    started = time.monotonic()
    budget = budget_s or spec.tensor_cache_timeout_s
    with Client(handle.server.url, token=token, token_origin=origin, url_origin="farm server start") as client:
        try:
            facts = waited_for(client, model, budget, display=Terminal(), check_alive=handle.check_alive)
        except KeyboardInterrupt:
            name = handle.server.server_id
            raise Interrupted(
                f"not waited for; the server {name} goes on starting",
                remedy=f"look with: farm server status; end it with: farm server stop {name}",
            ) from None
    context = f", context {facts.max_context}" if facts.max_context is not None else ""
    _say(
        f"ready after {time.monotonic() - started:.0f} s: {handle.server.url} serves {', '.join(facts.served)}"
        f"{context}; stop it with: farm server stop {handle.server.server_id}"
    )


@click.command()
def status() -> int:
    """List the servers that farm started on this host: where they are, and whether they answer."""
    settings = load()
    found = list(manage.handles(settings, say=lambda why: _say(f"caution: {why}")))
    for handle in found:
        server = handle.server
        answer = _answer(settings, server.engine, server.url) if server.alive else ""
        model = server.repo.rsplit("/", 1)[-1]
        click.echo(
            f"{server.server_id}: {model} on {server.device}, {server.state}{answer}, {server.url}, {server.place}, "
            f"log {server.log}"
        )
    if not found:
        click.echo("no server that farm started is on this host; start one with: farm server start")
    return 0


def _answer(settings: Settings, engine: str, url: str) -> str:
    token, origin = bearer(settings, engine)
    try:
        with Client(url, token=token, token_origin=origin, control_s=STATUS_S, connect_s=STATUS_S) as client:
            return f", serves {', '.join(one_line(str(row['id']), 80) for row in client.models())}"
    except FarmError as exc:
        return f", does not answer ({one_line(exc.message, 120)})"


@click.command()
@click.argument("name", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until the server ends, or Ctrl-C.")
@click.option("--tail", type=click.IntRange(1), default=100, show_default=True, help="Lines from the end.")
def logs(name: str | None, follow: bool, tail: int) -> int:
    """Print a server's log: by its id, its model, or the only one there is."""
    handle = manage.find(load(), name)
    path = handle.server.log
    try:
        with path.open("rb") as file:
            lines = file.readlines()[-tail:]
            sys.stdout.write(b"".join(lines).decode(errors="replace"))
            sys.stdout.flush()
            while follow:
                _copy_more(file, handle)
                if not _alive(handle):
                    break
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}") from exc
    return 0


def _copy_more(file: Any, handle: ServerHandle) -> None:
    more = file.read()
    if more:
        sys.stdout.write(more.decode(errors="replace"))
        sys.stdout.flush()
    else:
        threading.Event().wait(0.5)


def _alive(handle: ServerHandle) -> bool:
    found = manage.find(load(), handle.server.server_id)
    return found.server.alive


@click.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="All that farm started on this host.")
def stop(name: str | None, everything: bool) -> int:
    """Stop a server: by its id, its model, its URL, or the only one there is. Its weights and tensors stay."""
    settings = load()
    found = list(manage.handles(settings)) if everything else [manage.find(settings, name)]
    for handle in found:
        handle.stop()
        click.echo(f"stopped {handle.server.server_id}")
    return 0
