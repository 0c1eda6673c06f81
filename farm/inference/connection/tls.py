"""Which certificate authorities a model server's certificate may be signed by."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from farm.errors import ConfigError


@functools.cache
def trusting(ca: Path | None) -> ssl.SSLContext:
    """A context that trusts the system's store, the public authorities that requests brings, and those in `ca`.

    Shared by all connections: to load a store takes longer than a request. ConfigError for a file that holds none.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca is not None:
        try:
            context.load_verify_locations(cafile=str(ca))
        except (OSError, ssl.SSLError) as exc:
            why = "no certificate in PEM form" if isinstance(exc, ssl.SSLError) else exc.strerror
            raise ConfigError(f"FARM_SERVER_CA: {ca}: {why}", remedy="give the PEM file of the authority") from exc
    return context
