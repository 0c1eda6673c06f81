"""A real Redis or Valkey server for tests, on a unix socket or a TCP port, alone in its folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from farm.app.embedded import broker_binary
from tests.support.wait import wait_until


@dataclass
class RedisServer:
    """One server. `url` is for FARM_BROKER_URL."""

    binary: Path
    directory: Path
    port: int
    arguments: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)  # of redis-py, for its clients
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=self.port, **self.options)

    def start(self, *, loading: bool = False) -> None:
        """Start it (again) with the data that is in its folder; `loading`: return while it still reads them."""
        self.process = subprocess.Popen(
            [
                str(self.binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
                "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", *self.arguments,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: self._answers(loading), "the Redis server answers")

    def _answers(self, loading: bool) -> bool:
        assert self.process is not None and self.process.poll() is None, "the Redis server ended at its start"
        client = redis.Redis(host="127.0.0.1", port=self.port, **{"retry": Retry(NoBackoff(), 0), **self.options})
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.BusyLoadingError:
            return loading
        except redis.RedisError:
            return False
        finally:
            client.close()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def real_redis_binary() -> Path:
    """redis-server or valkey-server of the system. Skips without one; in CI that is a failure."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    if os.environ.get("CI"):
        pytest.fail("no redis-server on this machine, and CI must have one")
    pytest.skip("no redis-server on this machine")


@contextmanager
def running_redis(directory: Path, *arguments: str, binary: Path | None = None) -> Iterator[RedisServer]:
    """A server with an empty folder; killed at the end. `binary` defaults to the embedded broker's."""
    directory.mkdir(exist_ok=True)
    server = RedisServer(binary or broker_binary(), directory, free_port(), arguments)
    server.start()
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.kill()
