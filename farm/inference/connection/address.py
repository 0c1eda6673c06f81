"""Where a model server's API is: base URLs as users write them, and the URL of each route.

Most servers have it below `/v1`, which a base URL may hold or not. Gateways put it elsewhere: below another version
(`https://host/api/v3`), or at a path that only the URL of a route shows (`https://host/openai/chat/completions`).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from farm.errors import ConfigError

API = "/v1/"  # how routes of the API begin in farm; others (/health, /metrics, /tokenize) lie outside of it
CHAT, TEXT = "/chat/completions", "/completions"
_VERSION = re.compile(r"v[0-9]+([a-z]+[0-9]*)?", re.IGNORECASE)
# HOST, HOST:PORT or an address, without a scheme
_PLACE = re.compile(r"(localhost|\[[0-9A-Fa-f:.]+\]|[\w-]+(\.[\w-]+)+|[\w-]+(?=:[0-9]))(:[0-9]+)?(/|$)", re.ASCII)
_REMEDY = "use http://HOST:PORT"


def checked_url(url: str, origin: str) -> str:
    """The base URL in its one form, so that equal servers have equal names; without a scheme it is http.

    A `/v1` at its end is left out. An API below another version keeps it; one at a path without a version is named by
    its route `/chat/completions`. ConfigError that names `origin` for what is no such URL.
    """
    name, text = origin or "server URL", url.strip()
    text = (f"http://{text}" if _PLACE.match(text) else text).rstrip("/")
    parts = urlsplit(text)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise ConfigError(f"{name}: {exc}", remedy=_REMEDY) from exc
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", text):
        raise ConfigError(f"{name}: not an HTTP URL", remedy=_REMEDY)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"{name}: the URL holds credentials", remedy="give the key in FARM_API_KEY")
    if parts.query or parts.fragment:
        raise ConfigError(f"{name}: the URL holds a query or a fragment", remedy=_REMEDY)
    for route in (CHAT, TEXT):
        root = text.removesuffix(route)
        if root != text:
            return root.removesuffix("/v1") if _has_version(root) else f"{root}{CHAT}"
    return text.removesuffix("/v1").rstrip("/")


def route(base_url: str, path: str) -> str:
    """The URL of a route, `/v1/models` or `/health`, of a server whose base URL `checked_url` gave."""
    root = base_url.removesuffix(CHAT)
    standard = root == base_url and not _has_version(root)
    if path.startswith(API):
        return base_url + path if standard else root + path.removeprefix(API[:-1])
    return (root if standard else re.sub(r"/v[0-9][^/]*$", "", root, flags=re.IGNORECASE)) + path


def _has_version(url: str) -> bool:
    return any(_VERSION.fullmatch(part) for part in urlsplit(url).path.split("/"))
