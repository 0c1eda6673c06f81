"""The options that say how programs are confined; apart, because a worker must not load what a run needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from farm.sandbox.confinement import DEFAULT_IMAGE, Confinement, ContainerSpec

F = TypeVar("F", bound=Callable[..., Any])


def all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator of several; they are listed in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


CONFINEMENT: Callable[[F], F] = all_of(
    click.option(
        "--sandbox",
        "tier",
        type=click.Choice(["auto", "ns", "uid", "landlock", "docker", "none"]),
        default="auto",
        show_default=True,
        help="How programs are confined; auto takes the strongest of this host that passes its self-test.",
    ),
    click.option("--python", metavar="PATH", help="Interpreter of the programs; default: farm's, or the image's."),
    click.option(
        "--image", default=DEFAULT_IMAGE, show_default=True, help="With --sandbox docker: an image that has Python."
    ),
    click.option("--runtime", metavar="NAME", help="With --sandbox docker: the engine's OCI runtime, such as runsc."),
)


def confinement(options: dict[str, Any]) -> Confinement:
    """What the options say; takes them out of `options`.

    On a system that is not Linux `auto` can only be containers, and that is said: it needs an engine.
    """
    spec, tier = ContainerSpec(options.pop("image"), options.pop("runtime")), options.pop("tier")
    if tier == "auto" and sys.platform != "linux":
        tier = "docker"
        hint = "; --image farm-execute, of worker.Dockerfile, has numpy too" if spec.image == DEFAULT_IMAGE else ""
        click.echo(f"programs run in containers of {spec.image}: only Linux confines them itself{hint}", err=True)
    return Confinement(tier, options.pop("python"), container=spec)
