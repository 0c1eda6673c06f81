"""`farm server`: what an operator decides about a model server."""

from __future__ import annotations

import click

from farm.admission.slots import ServerState, Slots
from farm.app.embedded import with_running_broker
from farm.cli.serve.server import logs, start, status, stop
from farm.config import load
from farm.errors import ConfigError
from farm.inference.connection.address import checked_url
from farm.queue import broker, broker_checks
from farm.queue.redis_keys import Keys


@click.group()
def server() -> None:
    """Model servers: start them, look at them, stop them; how many requests they take."""


@server.command()
@click.argument("url", required=False)
@click.argument("requests", required=False, type=click.IntRange(0, 100_000), metavar="[N]")
@click.option("--default", "reset", is_flag=True, help="Back to what the catalogue says.")
def limit(url: str | None, requests: int | None, reset: bool) -> int:
    """Show or change how many requests a model server takes at a time.

    Without URL: all servers that had requests of late. The limit holds over all runs and workers of the
    Redis of FARM_BROKER_URL, else over the one run on this machine, and takes effect at once: with 0, requests
    that were sent are finished and no more are sent.
    """
    if reset and (requests is not None or url is None):
        raise ConfigError("--default goes with a URL, and with no number")
    settings = with_running_broker(load())
    connection = broker.client(settings)
    broker_checks.ping(settings)
    slots = Slots(connection, Keys(settings.key_prefix))
    place = None if url is None else checked_url(url, "URL")
    if place is not None and (reset or requests is not None):
        slots.set_limit(place, requests)
    states = slots.look(slots.servers() if place is None else [place])
    for state in states:
        click.echo(_shown(state))
    if not states:
        click.echo("no model server had requests of late")
    connection.close()
    return 0


def _shown(state: ServerState) -> str:
    if state.limit is None:
        limit = "the limit is the catalogue's"
    else:
        limit = f"limit {state.limit}{'' if state.set_by_operator else ' (catalogue)'}"
    runs = ", ".join(f"{run} {number}" for run, number in sorted(state.by_run.items()))
    parts = [limit, f"in flight {state.in_use}{f' ({runs})' if runs else ''}", f"waiting {state.waiting}"]
    return f"{state.url}: {', '.join(parts)}{f'; sick: {state.sick}' if state.sick else ''}"


for _command in (start, status, logs, stop):
    server.add_command(_command)
