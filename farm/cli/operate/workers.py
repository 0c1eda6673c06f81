"""`farm workers` and `farm workers drain`."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import click

import farm
from farm.cli.operate.worker import BROKER, settings_of
from farm.errors import WorkerFailed
from farm.queue import broker, broker_checks
from farm.queue.redis_keys import Keys
from farm.queue.workers import Worker, ask_to_drain, find, living_workers

HEAD = ("worker", "role", "host", "version", "tier/env", "slots", "busy", "load", "seen")


@click.group(invoke_without_command=True)
@BROKER
@click.pass_context
def workers(context: click.Context, broker_url: str | None) -> None:
    """List the workers that are connected: their roles, hosts, and how many jobs they are working on."""
    context.obj = broker_url
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(broker_url)
    with closing(broker.client(settings)) as connection:
        broker_checks.ping(settings)
        found = living_workers(connection, Keys(settings.key_prefix))
    if not found:
        click.echo("no worker is connected; start one with: farm worker execute, farm worker generate")
        return
    rows = [HEAD, *(_row(worker) for worker in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for version in sorted({worker.version for worker in found} - {farm.__version__}):
        names = ", ".join(worker.name for worker in found if worker.version == version)
        click.echo(f"caution: farm {version} on {names}; this is {farm.__version__}: update one of them", err=True)


@workers.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--wait", "wait_s", type=click.FloatRange(0, 86400), default=0.0, metavar="S", help="Wait until it left.")
@click.pass_obj
def drain(broker_url: str | None, names: tuple[str, ...], wait_s: float) -> None:
    """Ask workers to take no more jobs, finish those they have, and exit. Nothing is lost.

    NAME is a worker's name, or the beginning of one.
    """
    settings, keys = settings_of(broker_url), None
    with closing(broker.client(settings)) as connection:
        broker_checks.ping(settings)
        keys = Keys(settings.key_prefix)
        there = living_workers(connection, keys)
        chosen = [find(there, name) for name in names]
        for worker in chosen:
            ask_to_drain(connection, keys, worker)
            click.echo(f"{worker.name} was asked to drain; it is working on {worker.busy}")
        ends, pause = time.monotonic() + wait_s, threading.Event()
        left = {worker.name for worker in chosen} if wait_s else set()
        while left:
            still = left & {worker.name for worker in living_workers(connection, keys)}
            for name in sorted(left - still):
                click.echo(f"{name} left")
            left = still
            if left and time.monotonic() > ends:
                raise WorkerFailed(f"still draining after {wait_s:.0f} s: {', '.join(sorted(left))}")
            if left:
                pause.wait(0.5)


def _row(worker: Worker) -> tuple[str, ...]:
    slots = str(worker.slots) if worker.slots == worker.most_slots else f"{worker.slots} of {worker.most_slots}"
    load = f"{100 * worker.busy / worker.slots:.0f} %" if worker.slots else ""
    kind = ", ".join(worker.tiers or worker.environments) or "-"
    return (
        worker.name, worker.role, worker.host, worker.version, kind, slots, str(worker.busy),
        "draining" if worker.draining else load, f"{worker.silent_s:.0f} s ago",
    )  # fmt: skip
