"""`farm models`: what the catalogue knows."""

from __future__ import annotations

from pathlib import Path

import click

from farm.catalogue.catalogue import load as load_catalogue
from farm.catalogue.devices import DEVICES
from farm.config import load
from farm.errors import CatalogueError


@click.command()
@click.option("--device", help="Only models that this device serves.")
@click.option("--catalogue", type=click.Path(path_type=Path), help="A release_model_spec.json; default: built in.")
def models(device: str | None, catalogue: Path | None) -> None:
    """List the models and devices of the catalogue: concurrency@context by device."""
    found = load_catalogue(catalogue or load().catalogue)
    names = found.names(device)
    if not names:
        raise CatalogueError(f"no model is served on device {device}", remedy=f"devices: {', '.join(DEVICES)}")
    for name in names:
        specs = [spec for spec in found.of_model(name) if device is None or spec.device == device.lower()]
        places = sorted({f"{s.device} {s.max_concurrency}@{s.max_context}" for s in specs})
        click.echo(f"{name}  {', '.join(places)}")
