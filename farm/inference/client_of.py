"""A client for a model server by what the environment says: key, added headers, trusted authorities."""

from __future__ import annotations

from farm.config import Settings
from farm.inference.auth import bearer
from farm.inference.client import Client


def client_of(
    settings: Settings, engine: str, url: str, *, url_origin: str = "", control_s: float = 30.0, connect_s: float = 10.0
) -> Client:
    """The client for the server at `url`, which is of `engine`. ConfigError for what cannot be used."""
    token, origin = bearer(settings, engine)
    return Client(
        url,
        token=token,
        token_origin=origin,
        url_origin=url_origin,
        headers=settings.server_headers(),
        ca=settings.server_ca,
        control_s=control_s,
        connect_s=connect_s,
    )
