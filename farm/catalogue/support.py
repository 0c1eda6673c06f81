"""What Tenstorrent's `tt` knows of its release beyond the model catalogue: pairs that fail, and devices of equal mesh.

Its list (`model_support.json`) lies next to `release_model_spec.json` in the Python package `tenstorrent`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.catalogue.devices import device_name
from farm.errors import CatalogueError
from farm.text import one_line

FILE_NAME = "model_support.json"


@dataclass(frozen=True)
class Broken:
    """Why a model does not work on a device, and when that was last seen."""

    reason: str
    date: str  # ISO 8601
    docker_image: str | None  # the image that was tried; another one may work


@dataclass(frozen=True)
class Support:
    """The list of one release, by HF repo id and device."""

    release: str = ""
    broken: Mapping[tuple[str, str], Broken] = field(default_factory=dict)
    serve_as: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def why_broken(self, repo: str, device: str, image: str | None) -> Broken | None:
        """Why the pair fails with this image; None where the list does not say that it does."""
        mark = self.broken.get((repo, device))
        return mark if mark is not None and mark.docker_image in (None, image) else None


class _Mark(BaseModel):
    model_config = ConfigDict(extra="ignore")

    reason: str = ""
    details: str = ""
    verified_on: str = ""


class _Device(BaseModel):
    model_config = ConfigDict(extra="ignore")

    supported: bool = True
    unsupported: _Mark | None = None
    serve_as: str | None = None
    docker_image: str | None = None


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")

    hf_repo: str = ""
    devices: dict[str, _Device] = {}


class _List(BaseModel):
    model_config = ConfigDict(extra="ignore")

    release_version: str = ""
    models: list[_Model] = []


def read_support(path: Path) -> Support:
    """The list in a file. CatalogueError that names the file if it is no such list."""
    try:
        found = _List.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, ValidationError) as exc:
        raise CatalogueError(
            f"{path}: cannot read the support list: {one_line(str(exc), 200)}",
            remedy="install the package tenstorrent again, or name a catalogue by --catalogue",
        ) from exc
    broken: dict[tuple[str, str], Broken] = {}
    serve_as: dict[tuple[str, str], str] = {}
    for model in found.models:
        for name, entry in model.devices.items():
            pair = model.hf_repo, device_name(name)
            if not entry.supported:
                mark = entry.unsupported or _Mark()
                reason = mark.details or mark.reason or "no reason is given"
                broken[pair] = Broken(one_line(reason, 300), mark.verified_on or "an unknown date", entry.docker_image)
            elif entry.serve_as:
                serve_as[pair] = device_name(entry.serve_as)
    return Support(found.release_version, broken, serve_as)
