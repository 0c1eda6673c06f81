"""`farm server start`, `status`, `logs`, `stop`: the model server itself."""

from __future__ import annotations

import shlex
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click

from farm.app.server_start import ServerPlan, ServerStartRequest, plan_server, start_server
from farm.cli.options.group import gathered
from farm.cli.options.model import MODEL
from farm.config import Settings, load
from farm.errors import ConfigError, FarmError
from farm.inference.client_of import client_of
from farm.screen.terminal import Terminal
from farm.server import manage
from farm.server.api_keys import server_secrets
from farm.server.images import DEFAULT_PORT
from farm.server.launch import run_line
from farm.server.local import command_line, model_file
from farm.server.manage import CPU, ServerHandle
from farm.text import one_line

STATUS_S = 3.0  # for a server to answer `farm server status`

REQUEST = gathered(
    "request",
    ServerStartRequest,
    MODEL,
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
    click.option(
        "--no-host-check", "host_check", is_flag=True, flag_value=False, default=True,
        help="Start although memory or disk seem to lack.",
    ),
    click.option("--threads", type=click.IntRange(1, 1024), help="Of device cpu; default: all cores but one."),
    click.option("--wait", "budget_s", type=click.FloatRange(1), metavar="S", help="Default: the catalogue's budget."),
    click.option(
        "--no-wait", "wait", is_flag=True, flag_value=False, default=True, help="Do not wait until it is ready."
    ),
    click.argument("arguments", nargs=-1),
)  # fmt: skip


@click.command()
@REQUEST
@click.option("--print-command", is_flag=True, help="Print the docker run line, without secrets, and start nothing.")
def start(request: ServerStartRequest, print_command: bool) -> int:
    """Start the model server that the catalogue names, and wait until it answers.

    It runs on after this command, for any number of runs, until `farm server stop`. ARGUMENTS, after --, go to
    the server after farm's own.
    """
    settings = load()
    if print_command:
        click.echo(_printed(settings, plan_server(settings, request, Terminal())))
        return 0
    click.echo(start_server(settings, request, Terminal()).server.url)
    return 0


def _say(text: str) -> None:
    click.echo(text, err=True)


def _printed(settings: Settings, plan: ServerPlan) -> str:
    spec, how = plan.spec, plan.options
    if spec.device == CPU:
        return shlex.join(command_line(spec, model_file(spec, how.weights), how, plan.threads))
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
    try:
        with client_of(settings, engine, url, control_s=STATUS_S, connect_s=STATUS_S) as client:
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


def _copy_more(file: BinaryIO, handle: ServerHandle) -> None:
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
