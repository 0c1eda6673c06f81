"""The catalogue that a command reads: the option, the variable, and the check of what a user's file names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from farm import protocols
from farm.catalogue.catalogue import Catalogue
from farm.catalogue.catalogue import load as load_catalogue
from farm.cli.options.confinement import F
from farm.config import Settings
from farm.errors import CatalogueError, ConfigError

CATALOGUE: Callable[[F], F] = click.option(
    "--catalogue",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A release_model_spec.json in place of the built-in table, or a YAML file that adds to it; repeatable.",
)


def open_catalogue(settings: Settings, given: tuple[Path, ...] = ()) -> Catalogue:
    """The catalogue of --catalogue, else of FARM_CATALOGUE. CatalogueError with file and line."""
    catalogue = load_catalogue(given or settings.catalogue)
    for task in catalogue.evals:
        if task.place:
            try:
                protocols.get(task.protocol)
            except ConfigError as exc:
                raise CatalogueError(f"{task.place}: {exc.message}", remedy=exc.remedy) from exc
    return catalogue
