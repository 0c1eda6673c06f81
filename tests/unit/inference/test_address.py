"""Base URLs as users have them, and where the routes of their servers are."""

from __future__ import annotations

import pytest

from farm.errors import ConfigError
from farm.inference.connection.address import checked_url, route


@pytest.mark.parametrize(
    ("given", "base", "chat", "health"),
    [
        ("http://h:8000/v1", "http://h:8000", "http://h:8000/v1/chat/completions", "http://h:8000/health"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions",
         "http://127.0.0.1:8000/health"),
        ("localhost:8000/v1/", "http://localhost:8000", "http://localhost:8000/v1/chat/completions",
         "http://localhost:8000/health"),
        ("https://h/team/v1", "https://h/team", "https://h/team/v1/chat/completions", "https://h/team/health"),
        ("https://h/api/v3", "https://h/api/v3", "https://h/api/v3/chat/completions", "https://h/api/health"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai", "https://h/v1beta/openai/chat/completions",
         "https://h/v1beta/openai/health"),
        ("http://h:1/v1/chat/completions", "http://h:1", "http://h:1/v1/chat/completions", "http://h:1/health"),
        ("http://h:1/v1/completions", "http://h:1", "http://h:1/v1/chat/completions", "http://h:1/health"),
        ("https://h/api/v3/chat/completions", "https://h/api/v3", "https://h/api/v3/chat/completions",
         "https://h/api/health"),
        ("https://h/serving/chat/completions", "https://h/serving/chat/completions",
         "https://h/serving/chat/completions", "https://h/serving/health"),
        ("https://h/chat/completions", "https://h/chat/completions", "https://h/chat/completions", "https://h/health"),
    ],
)  # fmt: skip
def test_a_url_its_one_form_and_its_routes(given: str, base: str, chat: str, health: str) -> None:
    found = checked_url(given, "--server-url")
    assert (found, route(found, "/v1/chat/completions"), route(found, "/health")) == (base, chat, health)
    assert checked_url(found, "--server-url") == found


def test_every_route_of_the_api_is_beside_the_one_that_was_given() -> None:
    base = checked_url("https://h/serving/chat/completions", "--server-url")
    assert route(base, "/v1/models") == "https://h/serving/models"
    assert route(base, "/v1/completions") == "https://h/serving/completions"


@pytest.mark.parametrize(
    "given", ["", "http://", "ftp://h", "h h:80", "http://u:p@h", "http://h/v1?key=1", "h:port", "16", "mailto:x"]
)
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(ConfigError, match="FARM_SERVER_URL"):
        checked_url(given, "FARM_SERVER_URL")
