"""`farm doctor`."""

from __future__ import annotations

import click

from farm.config import load
from farm.sandbox.confinement import DEFAULT_IMAGE, ContainerSpec


@click.command()
@click.option("--sandbox", "battery", is_flag=True, help="Say each answer of each tier's self-test.")
@click.option("--docker", is_flag=True, help="Look at the container engine too (--sandbox docker).")
@click.option("--image", default=DEFAULT_IMAGE, show_default=True, help="With --docker: image with a Python.")
@click.option("--runtime", metavar="NAME", help="With --docker: the engine's OCI runtime, such as runsc.")
def doctor(battery: bool, docker: bool, image: str, runtime: str | None) -> int:
    """Say what this host offers: pass, caution or fail, with the remedy. Exit 1 if something fails."""
    from farm.doctor import examine

    worst = 0
    container = ContainerSpec(image, runtime) if docker else None
    for finding in examine(load(), battery=battery, container=container):
        click.echo(f"{finding.level:<8}{finding.what}" + (f"; {finding.remedy}" if finding.remedy else ""))
        worst = max(worst, finding.level == "fail")
    return int(worst)
