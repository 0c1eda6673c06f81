"""The options that say how programs are confined; apart, because a worker must not load what a run needs."""

from __future__ import annotations

import sys

import click

from farm.cli.options.group import gathered
from farm.sandbox.confinement import DEFAULT_IMAGE, Confinement, ContainerSpec


def confinement(tier: str, python: str | None, image: str, runtime: str | None) -> Confinement:
    """What the options say.

    On a system that is not Linux `auto` can only be containers, and that is said: it needs an engine.
    """
    if tier == "auto" and sys.platform != "linux":
        tier = "docker"
        hint = "; --image farm-execute, of worker.Dockerfile, has numpy too" if image == DEFAULT_IMAGE else ""
        click.echo(f"programs run in containers of {image}: only Linux confines them itself{hint}", err=True)
    return Confinement(tier, python, container=ContainerSpec(image, runtime))


CONFINEMENT = gathered(
    "confinement",
    confinement,
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
