"""Which build model servers are of: the image or program that farm started, else what the server says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.inference.client_of import client_of
from farm.records import Build
from farm.server import manage

_THIS_HOST = ("127.0.0.1", "localhost", "::1")


def build_of_servers(settings: Settings, entry: ModelSpec, urls: Iterable[str]) -> Build:
    """The build of the servers at `urls`; unknown if one of them says nothing. Several builds are named together."""
    found = [_started_by_farm(settings, entry, url) or _as_it_says(settings, entry, url) for url in urls]
    if not found or not all(build.known for build in found):
        return Build()
    different = list(dict.fromkeys(found))
    if len(different) == 1:
        return different[0]
    return Build(name="; ".join(build.name for build in different), told_by=different[0].told_by)


def _started_by_farm(settings: Settings, entry: ModelSpec, url: str) -> Build | None:
    if urlsplit(url).hostname not in _THIS_HOST:
        return None
    server = next((h.server for h in manage.handles(settings) if h.server.alive and h.server.url == url), None)
    if server is None or not server.build:
        return None
    commits = server.build == entry.docker_image  # those of the catalogue are of its image, and of no other
    return Build(
        name=server.build,
        told_by="farm",
        tt_metal_commit=entry.tt_metal_commit if commits else None,
        vllm_commit=entry.vllm_commit if commits else None,
    )


def _as_it_says(settings: Settings, entry: ModelSpec, url: str) -> Build:
    with client_of(settings, entry.engine, url, control_s=5.0) as client:
        said = client.version()
    return Build(name=said, told_by="server") if said else Build()
