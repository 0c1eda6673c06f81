"""Which requests may read a page: by password, or by the name of the loopback address."""

from __future__ import annotations

import base64

import pytest

from farm.config import load
from farm.errors import ConfigError
from farm.web.access import Access, access

OPEN = Access("127.0.0.1", 80, None)
GUARDED = Access("0.0.0.0", 80, "sesame")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8787", "localhost:80", "LOCALHOST", "[::1]", "[::1]:8787"])
def test_without_a_password_a_loopback_name_is_accepted(host: str) -> None:
    assert OPEN.accepts_host(host)


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "evil.example:8787", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2",
     "[", "[::1", "]", "[evil]", "evil@", "@", "127.0.0.1\\@evil.example"],
)  # fmt: skip
def test_without_a_password_any_other_name_is_refused(host: str | None) -> None:
    assert not OPEN.accepts_host(host)
    assert GUARDED.accepts_host(host)


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic ???", "Bearer sesame", "Basic c2VzYW1l"])
def test_a_wrong_password_is_refused(header: str | None) -> None:
    assert not GUARDED.admits(header)
    assert OPEN.admits(header)


def test_the_password_is_of_user_farm() -> None:
    assert GUARDED.admits("basic " + base64.b64encode(b"farm:sesame").decode())
    assert not GUARDED.admits("basic " + base64.b64encode(b"root:sesame").decode())


def test_another_address_needs_a_password() -> None:
    with pytest.raises(ConfigError, match="other hosts could reach it"):
        access(load({"HOME": "/nonexistent"}), "0.0.0.0:80")
    assert access(load({"HOME": "/nonexistent"}), "[::1]:80") == Access("::1", 80, None)
