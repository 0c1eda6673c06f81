"""Broker URLs: passwords from files, never shown."""

from __future__ import annotations

import pytest

from farm import config
from farm.errors import BrokerUnavailable, ConfigError
from farm.queue.broker import address
from farm.queue.broker_checks import ping
from tests.support.redis_server import free_port


def settings(**env: str) -> config.Settings:
    return config.load({"HOME": "/nonexistent", **env})


def test_the_password_of_a_file_goes_into_the_url(tmp_path: object) -> None:
    path = f"{tmp_path}/password"
    with open(path, "w") as file:
        file.write("s3:cr/et@\n")
    found = address(settings(FARM_BROKER_URL="redis://farm@host:6380/2", FARM_BROKER_PASSWORD_FILE=path))
    assert found.celery == "redis://farm:s3%3Acr%2Fet%40@host:6380/2"
    assert found.shown == "redis://host:6380/2"


@pytest.mark.parametrize("url", ["http://x", "amqp://x", "redis", "localhost:6379"])
def test_a_url_of_another_kind_is_refused_by_its_variable(url: str) -> None:
    with pytest.raises(ConfigError, match="FARM_BROKER_URL"):
        settings(FARM_BROKER_URL=url)


def test_no_broker_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="FARM_BROKER_URL is not set"):
        address(settings())


def test_an_unreachable_broker_is_one_line_without_the_password() -> None:
    found = settings(FARM_BROKER_URL=f"redis://:secret@127.0.0.1:{free_port()}/0")
    with pytest.raises(BrokerUnavailable) as caught:
        ping(found, retries=0)
    assert "does not answer" in str(caught.value)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("redis://127.0.0.1:1/0", True),
        ("redis://localhost/0", True),
        ("redis+socket:///run/x.sock?virtual_host=0", True),
        ("redis://10.0.0.1/0", False),
        ("rediss://farm.example/0", False),
    ],
)
def test_only_loopback_and_sockets_are_local(url: str, local: bool) -> None:
    assert address(settings(FARM_BROKER_URL=url)).local is local
