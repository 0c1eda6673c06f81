"""Headers that a user adds to each request, as gateways want them. Their values are secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from farm.errors import ConfigError

_OWN = (
    "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te", "trailer",
    "transfer-encoding", "upgrade",
)  # fmt: skip
SECRET_FROM = 4  # characters; shorter values are no secrets, and every "1" would be taken out of messages


def checked_headers(headers: Mapping[str, str], origin: str) -> dict[str, str]:
    """The headers if they can be sent; ConfigError that names `origin` and the header, never its value."""
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name):
            raise ConfigError(f"{origin}: no name of a header", remedy="give NAME=VALUE")
        if name.lower() in _OWN:
            raise ConfigError(f"{origin}: farm sets the header {name} itself", remedy="leave it out")
        if not re.fullmatch(r"[\x20-\x7e\t]{1,8192}", value) or value != value.strip():
            raise ConfigError(
                f"{origin}: the value of {name} holds what no header can carry", remedy="use printable ASCII"
            )
    return dict(headers)


def merged(headers: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Both; an added header takes the place of one of the same name, in whatever case the two are written."""
    replaced = {name.lower() for name in added}
    return {**{name: value for name, value in headers.items() if name.lower() not in replaced}, **added}
