"""`farm server limit` on a real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from farm.admission.slots import Slots, Ticket, TicketName
from farm.cli.main import cli
from farm.errors import ConfigError
from farm.queue.redis_keys import Keys
from tests.support.redis_server import RedisServer, running_redis

URL = "http://one:8000"
Farm = Callable[..., Result]


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def farm(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Farm:
    redis_server.client().flushall()
    monkeypatch.setenv("FARM_BROKER_URL", redis_server.url)
    return lambda *words: CliRunner().invoke(cli, ["server", "limit", *words], standalone_mode=False)


def test_it_shows_what_is_in_flight_and_changes_the_limit(farm: Farm, redis_server: RedisServer) -> None:
    assert farm().stdout == "no model server had requests of late\n"
    slots = Slots(redis_server.client(), Keys("farm:"))
    slots.exchange("w", "", waiting=[Ticket(TicketName("run", n, "w", ""), (URL,), 2) for n in range(3)])
    assert farm().stdout == f"{URL}: limit 2 (catalogue), in flight 2 (run 2), waiting 1\n"
    assert farm(f"{URL}/v1/", "16").stdout == f"{URL}: limit 16, in flight 2 (run 2), waiting 1\n"
    assert farm(URL, "0").stdout.startswith(f"{URL}: limit 0, ")
    assert farm(URL, "--default").stdout.startswith(f"{URL}: limit 2 (catalogue), ")


def test_a_server_that_nobody_used_has_the_catalogues_limit(farm: Farm) -> None:
    assert farm(URL).stdout == f"{URL}: the limit is the catalogue's, in flight 0, waiting 0\n"


@pytest.mark.parametrize("words", [("--default",), (URL, "3", "--default"), ("ftp://x",), ("16",)])
def test_what_makes_no_sense_is_said(farm: Farm, words: tuple[str, ...]) -> None:
    assert isinstance(farm(*words).exception, ConfigError)


def test_without_a_broker_and_without_a_run_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("FARM_BROKER_URL", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    result = CliRunner().invoke(cli, ["server", "limit"], standalone_mode=False)
    assert isinstance(result.exception, ConfigError) and "no run goes on here" in str(result.exception)
