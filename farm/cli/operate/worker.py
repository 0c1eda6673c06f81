"""`farm worker generate` and `farm worker execute`."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import click

from farm.cli.options.confinement import CONFINEMENT
from farm.config import Settings, check_broker_url, load, shed_secrets
from farm.errors import ConfigError
from farm.sandbox.confinement import Confinement


@click.group()
def worker() -> None:
    """Start a worker on this host. It joins at once, also in the middle of a run."""


def settings_of(broker: str | None) -> Settings:
    """The environment's settings, with the broker that an option names."""
    settings = load()
    if broker is None:
        return settings
    return settings.model_copy(update={"broker_url": check_broker_url(broker, "--broker")})


class Slots(NamedTuple):
    """How many at a time: at least, and at most."""

    least: int
    most: int


class SlotRange(click.ParamType[Slots]):
    """N, or MIN-MAX, from 1 to 256."""

    name = "slots"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Slots:
        if isinstance(value, Slots):
            return value
        least, mark, most = str(value).partition("-")
        if not (least.isdecimal() and (most.isdecimal() or not mark)):
            self.fail(f"{value!r} is neither N nor MIN-MAX", param, ctx)
        slots = Slots(int(least), int(most or least))
        if not 1 <= slots.least <= slots.most <= 256:
            self.fail(f"{value!r}: 1 <= MIN <= MAX <= 256", param, ctx)
        return slots


BROKER = click.option("--broker", "broker_url", metavar="URL", help="Redis to work for; default: FARM_BROKER_URL.")
NAME = click.option("--name", help="Name of this worker; default: its role, process and host.")


@worker.command()
@BROKER
@NAME
@click.option(
    "--slots",
    type=SlotRange(),
    metavar="N|MIN-MAX",
    help="Programs that run at a time; default: one per core. MIN-MAX grows with the queue and shrinks when idle.",
)
@CONFINEMENT
def execute(broker_url: str | None, name: str | None, slots: Slots | None, confinement: Confinement) -> int:
    """Execute programs in a sandbox and judge them.

    Refuses to start where a program cannot be confined, and says which protection is missing.
    """
    from farm.environments.runtimes import with_interpreters
    from farm.tasks.boot import run_execute_worker

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    least, most = slots or Slots(cores, cores)
    return run_execute_worker(
        with_interpreters(settings_of(broker_url)),
        slots=most,
        least_slots=least,
        name=name,
        confinement=confinement,
    )


@worker.command()
@BROKER
@NAME
@click.option("--env", "wanted", multiple=True, metavar="NAME", help="Only this environment; repeatable.")
def score(broker_url: str | None, name: str | None, wanted: tuple[str, ...]) -> int:
    """Score tasks of lm-evaluation-harness, in the evaluation environments that this host has (farm env)."""
    from farm.environments.known import known
    from farm.environments.store import environments
    from farm.tasks.boot import run_score_worker

    shed_secrets()
    settings = settings_of(broker_url)
    there = environments(settings).available()
    missing = [known(each).name for each in wanted if each not in there]
    if missing or not there:
        names = " ".join(missing or ["EVALS"])
        raise ConfigError(f"this host has no environment {names}", remedy=f"make it: farm env create {names}")
    chosen = {each: there[each] for each in wanted} if wanted else there
    return run_score_worker(settings, name=name, environments=chosen)


@worker.command()
@BROKER
@NAME
@click.option("--slots", type=click.IntRange(1, 1024), default=32, show_default=True, help="Requests at a time.")
@click.option("--model", "models", multiple=True, metavar="REPO", help="Serve only this HF repo id; repeatable.")
@click.option(
    "--drain",
    "drain_s",
    type=click.IntRange(0, 90),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="When told to stop: how long to wait for requests that are out, before others get them.",
)
@click.option("--server-url", "servers", multiple=True, metavar="URL", help="Talk to this server only; repeatable.")
def generate(
    broker_url: str | None,
    name: str | None,
    slots: int,
    models: tuple[str, ...],
    servers: tuple[str, ...],
    drain_s: int,
) -> int:
    """Ask model servers for completions. The server's key comes from this worker's environment."""
    from farm.tasks.boot import run_generate_worker

    return run_generate_worker(
        settings_of(broker_url), slots=slots, name=name, models=models, servers=servers, drain_s=drain_s
    )


@worker.command()
def health() -> int:
    """Exit 0 while the service that writes FARM_HEALTH_FILE here lives, else 1: a worker, or a coordinator.

    What a container's health check calls.
    """
    from farm.health import check

    check(load())
    return 0
