"""The catalogue that a use case reads, and the check of the protocols that a user's file names."""

from __future__ import annotations

from pathlib import Path

from farm import protocols
from farm.catalogue.catalogue import Catalogue
from farm.catalogue.catalogue import load as load_catalogue
from farm.config import Settings
from farm.errors import CatalogueError, ConfigError


def open_catalogue(settings: Settings, given: tuple[Path, ...] = ()) -> Catalogue:
    """The catalogue of the files that were given, else of FARM_CATALOGUE. CatalogueError with file and line."""
    catalogue = load_catalogue(given or settings.catalogue)
    for task in catalogue.evals:
        if task.place:
            try:
                protocols.get(task.protocol)
            except ConfigError as exc:
                raise CatalogueError(f"{task.place}: {exc.message}", remedy=exc.remedy) from exc
    return catalogue
