"""The folder that farm keeps things in: private, because it holds hidden tests and whole completions."""

from __future__ import annotations

import os
from pathlib import Path

from farm.config import Settings
from farm.datasets.store import BlobStore
from farm.errors import ConfigError
from farm.ledger.ledger import Ledger


def open_ledger(settings: Settings) -> Ledger:
    """The ledger; makes the home with mode 0700 where it is absent. ConfigError if it cannot be made."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(
            f"FARM_HOME: cannot make {settings.home}: {exc.strerror}", remedy="name another folder"
        ) from exc
    if not os.access(settings.home, os.W_OK | os.X_OK):
        raise ConfigError(f"FARM_HOME: {settings.home} cannot be written", remedy="name another folder")
    return Ledger(settings.ledger_url)


def blob_store(settings: Settings) -> BlobStore:
    """The store of test suites that the runs of this machine share."""
    return BlobStore(settings.home / "blobs")


def datasets_folder(settings: Settings) -> Path:
    """Where `farm dataset pull` keeps what it pulled."""
    return settings.home / "datasets"
