"""A Redis that farm cannot use, or whose URL it cannot read: one line and exit code 2 from every command."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.farm_process import FarmProcess, environment
from tests.support.model_server import ModelServer
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis

pytestmark = [pytest.mark.redis, pytest.mark.timeout(240)]
MODEL = "meta-llama/Llama-3.2-3B-Instruct"
SECRET = "s3cr3t"
COMMANDS = (
    ("doctor",), ("workers",), ("worker", "execute"), ("worker", "generate"), ("coordinator",), ("server", "limit"),
    ("exporter",), ("flower",), ("watch", "run-1"), ("status", "run-1"),
)  # fmt: skip


@pytest.fixture
def clustered(tmp_path: Path) -> Iterator[RedisServer]:
    """In cluster mode, with all slots: single keys work, so only its mode tells."""
    folder = tmp_path / "redis"
    with socket.socket() as sock:  # its own choice is its port and 10,000, which may be no port
        sock.bind(("127.0.0.1", 0))
        bus = str(sock.getsockname()[1])
    options = "--cluster-enabled", "yes", "--cluster-port", bus
    with running_redis(folder, *options, binary=real_redis_binary()) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        yield server


def refusals(home: Path, url: str, *commands: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """What each command says on stderr; they run at the same time, and each ends with exit code 2 and one line."""
    env = environment(home, FARM_BROKER_URL=url, FARM_SECRET="the secret of this test")
    started = {words: FarmProcess(*words, env=env, log=home / f"{number}.log") for number, words in enumerate(commands)}
    said = {}
    for words, process in started.items():
        assert process.wait() == 2, (words, process.stderr[-2000:])
        lines = [line for line in process.stderr.splitlines() if "FARM_LEDGER" not in line]
        assert len(lines) == 1 and not process.stdout, (words, process.stderr[-2000:], process.stdout)
        said[words] = lines[0]
    return said


def test_a_redis_in_cluster_mode(clustered: RedisServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ModelServer(model=MODEL) as server:
        submit = ("submit", "--model", MODEL, "--device", "n300", "--dataset", "sample", "--server-url", server.url)
        found = refusals(home, clustered.url, *COMMANDS, submit)
        assert not server.sample_bodies
    assert set(found.values()) == {
        "farm: FARM_BROKER_URL: a Redis in cluster mode; farm needs one server that has all keys; use a Redis without "
        "cluster mode: redis://HOST:PORT/0, or sentinel://HOST,HOST,HOST"
    }


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:1/0;redis://127.0.0.1:2/0", "a list of URLs"),
        ("redis://127.0.0.1:1/0?ssl_cert_reqs=none", "options in the URL"),
        (f"redis://u:{SECRET}#/@127.0.0.1:1/0", "FARM_BROKER_PASSWORD_FILE"),
    ],
)
def test_a_url_that_farm_does_not_read(tmp_path: Path, url: str, said: str) -> None:
    found = refusals(tmp_path / "home", url, ("doctor",), ("workers",), ("worker", "execute"), ("runs",))
    assert all(said in line and SECRET not in line for line in found.values()), found
