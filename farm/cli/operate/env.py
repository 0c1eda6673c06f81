"""`farm env`: the evaluation environments and program runtimes of this host."""

from __future__ import annotations

import shutil

import click

from farm.config import load
from farm.environments.known import KNOWN, RUNTIMES, known
from farm.environments.store import environments, size_of


@click.group(name="env")
def env() -> None:
    """List, make and remove isolated Pythons: evaluation environments, and runtimes of programs (--program-runtime)."""


@env.command(name="list")
def list_() -> None:
    """Name, what it holds, and where it is on this host."""
    store = environments(load())
    for name, environment in (*KNOWN.items(), *RUNTIMES.items()):
        python = store.interpreter(environment)
        place = store.place(environment)
        size = f", {size_of(place) >> 20} MiB" if place.exists() else ""
        click.echo(f"{name:13} {environment.holds:56} {f'{python}{size}' if python else 'not made'}")
    for old in store.outdated():
        click.echo(f"unused: {old} (an earlier lock; farm env remove --unused)")


@env.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def create(names: tuple[str, ...]) -> None:
    """Make environments, with the packages that farm pins for them; one that is there is replaced."""
    store = environments(load())
    for environment in [known(name) for name in names]:
        click.echo(f"making {environment.name} ({environment.holds})", err=True)
        click.echo(store.create(environment))


@env.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--unused", is_flag=True, help="Also those of earlier locks.")
def remove(names: tuple[str, ...], unused: bool) -> None:
    """Remove environments from this host."""
    store = environments(load())
    for environment in [known(name) for name in names]:
        click.echo(f"{environment.name}: {'removed' if store.remove(environment) else 'was not there'}")
    for old in store.outdated() if unused else []:
        shutil.rmtree(old)
        click.echo(f"removed {old}")
