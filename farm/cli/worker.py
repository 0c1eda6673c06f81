"""`farm worker generate` and `farm worker execute`."""

from __future__ import annotations

import os
from typing import Any

import click

from farm.cli.confinement import CONFINEMENT, confinement
from farm.config import Settings, check_broker_url, load


@click.group()
def worker() -> None:
    """Start a worker on this host. It joins at once, also in the middle of a run."""


def _settings(broker: str | None) -> Settings:
    settings = load()
    if broker is None:
        return settings
    return settings.model_copy(update={"broker_url": check_broker_url(broker, "--broker")})


BROKER = click.option("--broker", metavar="URL", help="Redis to work for; default: FARM_BROKER_URL.")
NAME = click.option("--name", help="Name of this worker; default: its role, process and host.")


@worker.command()
@BROKER
@NAME
@click.option("--slots", type=click.IntRange(1, 256), help="Programs that run at a time; default: one per core.")
@CONFINEMENT
def execute(broker: str | None, name: str | None, slots: int | None, **options: Any) -> int:
    """Execute programs in a sandbox and judge them.

    Refuses to start where a program cannot be confined, and says which protection is missing.
    """
    from farm.tasks.boot import run_execute_worker

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return run_execute_worker(_settings(broker), slots=slots or cores, name=name, confinement=confinement(options))


@worker.command()
@BROKER
@NAME
@click.option("--slots", type=click.IntRange(1, 1024), default=32, show_default=True, help="Requests at a time.")
@click.option("--model", "models", multiple=True, metavar="REPO", help="Serve only this HF repo id; repeatable.")
@click.option("--server-url", "servers", multiple=True, metavar="URL", help="Talk to this server only; repeatable.")
def generate(
    broker: str | None, name: str | None, slots: int, models: tuple[str, ...], servers: tuple[str, ...]
) -> int:
    """Ask model servers for completions. The server's key comes from this worker's environment."""
    from farm.tasks.boot import run_generate_worker

    return run_generate_worker(_settings(broker), slots=slots, name=name, models=models, servers=servers)
