"""Checks that this host can run a model server, before anything is pulled or started. Each fault is one ConfigError."""

from __future__ import annotations

import errno
import shutil
import socket
from pathlib import Path

from farm.catalogue.model_spec import ModelSpec
from farm.errors import ConfigError
from farm.server.launch import HUGEPAGES, Launch

GB = 10**9


def has_hugepages() -> bool:
    """Whether huge pages of 1 GB are mounted here, as Tenstorrent's driver needs them on hosts without an IOMMU."""
    return Path(HUGEPAGES).is_dir()


def check_nodes(launch: Launch) -> None:
    """ConfigError for a device node or a folder that is not there."""
    for node in launch.devices:
        if not Path(node).exists():
            raise ConfigError(
                f"no device node {node} on this host",
                remedy="load Tenstorrent's kernel driver, or name the node with --device-node",
            )
    for mount in launch.mounts:
        if not mount.is_volume and not Path(mount.source).exists():
            raise ConfigError(f"no folder {mount.source} on this host", remedy=f"it is to be {mount.target} inside")


def check_port(bind: str, port: int, holder: str = "") -> None:
    """ConfigError if `port` cannot be had; `holder` names the server of farm's that has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                by = f" (by farm's server {holder})" if holder else ""
                raise ConfigError(
                    f"port {port} on {bind} is in use{by}",
                    remedy=f"stop it with: farm server stop {holder}" if holder else "choose another with --port",
                ) from exc
            raise ConfigError(f"port {port} on {bind}: {exc.strerror}", remedy="choose another with --bind") from exc


def check_resources(spec: ModelSpec, cache: Path | None) -> None:
    """ConfigError if memory, or disk where `cache` will be, are less than the catalogue asks for.

    `cache` None: it exists, and may hold the weights already, so disk is not checked.
    """
    memory = available_memory()
    if spec.min_ram_gb is not None and memory is not None and memory < spec.min_ram_gb * GB:
        raise ConfigError(
            f"{spec.name} on {spec.device} needs {spec.min_ram_gb:g} GB of memory, {memory / GB:.1f} are available",
            remedy="end what uses it, or start with --no-host-check",
        )
    if cache is None:
        return
    while not cache.exists() and cache != cache.parent:
        cache = cache.parent
    free = shutil.disk_usage(cache).free
    if spec.min_disk_gb is not None and free < spec.min_disk_gb * GB:
        raise ConfigError(
            f"{spec.name} on {spec.device} needs {spec.min_disk_gb:g} GB of disk, {free / GB:.1f} are free in {cache}",
            remedy="make room, name another folder with --cache, or start with --no-host-check",
        )


def available_memory() -> int | None:
    """Bytes that programs can have without swapping; None where the system does not say."""
    try:
        rows = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("MemAvailable:")), None)
