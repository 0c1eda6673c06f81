"""One Redis, and farm processes of any role that use it, as an operator starts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from farm.queue.redis_keys import Keys
from farm.queue.workers import Worker, living_workers
from tests.support.farm_process import FarmProcess, environment
from tests.support.redis_server import RedisServer, real_redis_binary, running_redis
from tests.support.wait import wait_until

KEYS = Keys("farm:")
SECRET = "0123456789abcdef" * 4


@dataclass
class Site:
    """What runs, and where its home is."""

    home: Path
    redis: RedisServer
    address: str = "127.0.0.1"  # of Redis, as the processes see it
    processes: list[FarmProcess] = field(default_factory=list)

    def farm(self, *arguments: str, prefix: Sequence[str] = (), **extra: str) -> FarmProcess:
        """A farm process; `extra` are variables of its environment, `prefix` is as in FarmProcess."""
        broker = f"redis://{self.address}:{self.redis.port}/0"
        env = environment(self.home, FARM_BROKER_URL=broker, FARM_SECRET=SECRET, **extra)
        log = self.home / f"{len(self.processes)}.log"
        process = FarmProcess(*arguments, env=env, log=log, prefix=prefix)
        self.processes.append(process)
        return process

    def joined(self, *names: str) -> None:
        """Wait until workers of these names are there."""
        wait_until(lambda: {w.name.partition("@")[0] for w in self.workers()} >= set(names), "they join", timeout_s=100)

    def workers(self) -> list[Worker]:
        return living_workers(self.redis.client(), KEYS)


@contextmanager
def running_site(directory: Path, address: str = "127.0.0.1") -> Iterator[Site]:
    """A site with a real Redis, which answers on `address` too; its processes are stopped at the end."""
    others = () if address == "127.0.0.1" else ("--bind", "127.0.0.1", address, "--protected-mode", "no")
    with running_redis(directory / "redis", *others, binary=real_redis_binary()) as redis:
        site = Site(directory / "home", redis, address)
        site.home.mkdir()
        try:
            yield site
        finally:
            for process in site.processes:
                process.stop()
