"""Who may read farm's pages: an address to listen on, and one user with a password.

Pages show run ids, problems and hosts. So a page that other hosts can reach needs a password. Without a password a
page is served on the loopback address only, and only to requests whose Host header names that address: a page of
another site could otherwise read it through a name that it resolves to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from farm.config import Settings
from farm.errors import ConfigError

USER = "farm"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Access:
    """The address that a page listens on, and its password; without one the address is a loopback address."""

    host: str
    port: int
    password: str | None

    def admits(self, authorization: str | None) -> bool:
        """Whether an Authorization header has the password (scheme Basic)."""
        if self.password is None:
            return True
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{USER}:{self.password}".encode())

    def accepts_host(self, host: str | None) -> bool:
        """Whether a Host header is acceptable: any with a password, a loopback name without one."""
        if self.password is not None:
            return True
        try:
            return urlsplit(f"//{host or ''}").hostname in LOOPBACK
        except ValueError:  # such as "[", which is no address
            return False


def access(settings: Settings, listen: str) -> Access:
    """The access that `listen` (HOST:PORT) and FARM_WEB_PASSWORD give. Raises as `access_by`."""
    return access_by(listen, settings.web_password, "FARM_WEB_PASSWORD_FILE")


def access_by(listen: str, secret: SecretStr | None, variable: str) -> Access:
    """The access that `listen` (HOST:PORT) and a secret give, which the file that `variable` names holds.

    Raises ConfigError if other hosts could reach the address without a secret.
    """
    host, mark, port = listen.rpartition(":")
    if not mark or not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"--listen {listen!r} is no HOST:PORT", remedy="as in 127.0.0.1:5555")
    host = host.strip("[]")
    password = secret.get_secret_value() if secret is not None else None
    if password is None and host not in LOOPBACK:
        raise ConfigError(
            f"--listen {listen}: other hosts could reach it", remedy=f"set {variable}, or listen on 127.0.0.1"
        )
    return Access(host, int(port), password)
