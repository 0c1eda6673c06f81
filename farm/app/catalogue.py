"""The catalogue that a use case reads, the check of a user's own file, and the entry that a run is made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from farm import protocols
from farm.app.display import Display
from farm.app.requests import ModelChoice
from farm.catalogue.catalogue import BUILTIN, YAML, Catalogue
from farm.catalogue.catalogue import load as load_catalogue
from farm.catalogue.devices import device_name
from farm.catalogue.model_spec import ModelSpec
from farm.catalogue.release import installed_catalogues, newest, read_release
from farm.config import Settings
from farm.errors import CatalogueError, ConfigError


def open_catalogue(settings: Settings, given: tuple[Path, ...] = ()) -> Catalogue:
    """The catalogue of the files that were given, else of FARM_CATALOGUE. CatalogueError with file and line.

    Where no release of tt-inference-server is named, it is the latest on this host: the built-in table, or that of an
    installed `tenstorrent` package or of a checkout. `source` says which.
    """
    paths = given or settings.catalogue
    later = None
    if all(path.suffix.lower() in YAML for path in paths):
        later = newest(installed_catalogues(), read_release(BUILTIN))
    catalogue = load_catalogue(paths if later is None else (later, *paths))
    if later is not None:
        source = f"{catalogue.source}, {catalogue.release.shown}, newer than the built-in table"
        catalogue = replace(catalogue, source=source, newer=True)
    for task in catalogue.evals:
        if task.place:
            try:
                protocols.get(task.protocol)
            except ConfigError as exc:
                raise CatalogueError(f"{task.place}: {exc.message}", remedy=exc.remedy) from exc
    return catalogue


def chosen_spec(catalogue: Catalogue, choice: ModelChoice, device: str, display: Display) -> ModelSpec:
    """The catalogue's entry for what was chosen; says what a user would not expect of it. CatalogueError as `spec`."""
    spec = catalogue.spec(choice.model, device, engine=choice.engine, impl=choice.impl, force=choice.force)
    if catalogue.newer:
        display.say(f"catalogue: {catalogue.source}")
    if spec.device != device_name(device):
        display.say(f"{spec.name} is served on {device_name(device)} as on {spec.device}, and reported so")
    broken = catalogue.broken(spec)
    if broken is not None:
        display.say(f"caution: {spec.name} is known not to work on {spec.device} ({broken.date}): {broken.reason}")
    return spec
