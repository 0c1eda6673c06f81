"""Which secrets a model server is started with, so that it takes the key that farm's clients will send."""

from __future__ import annotations

from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.errors import ConfigError
from farm.inference.auth import bearer


def server_secrets(spec: ModelSpec, settings: Settings, *, no_auth: bool, has_weights: bool) -> dict[str, str]:
    """Variable -> value for the server of `spec`. ConfigError that names what is missing."""
    found: dict[str, str] = {}
    token, origin = bearer(settings, spec.engine)
    if no_auth:
        pass
    elif spec.auth_style == "literal":
        if settings.secret(origin) is None:
            raise ConfigError(
                f"API_KEY is not set: a {spec.engine} server would take a key that everybody knows",
                remedy="set it, or start the server with --no-auth",
            )
        found["API_KEY"] = token or ""
    elif token is None:
        raise ConfigError(
            "JWT_SECRET is not set: everybody who reaches the server could use it",
            remedy="set it (or VLLM_API_KEY), or start the server with --no-auth",
        )
    elif origin == "JWT_SECRET":
        found["JWT_SECRET"] = settings.secret("JWT_SECRET") or ""
    else:
        found["VLLM_API_KEY"] = token
    hub = settings.secret("HF_TOKEN")
    if hub is not None and not has_weights:
        found["HF_TOKEN"] = hub
    elif hub is None and spec.gated and not has_weights:
        raise ConfigError(
            f"HF_TOKEN is not set: the hub gives the weights of {spec.repo} to known users only",
            remedy="set it, or give the weights with --weights FOLDER",
        )
    for name, value in found.items():
        if "\n" in value or "\r" in value:
            raise ConfigError(f"{name} has several lines", remedy="give one line")
    return found
