"""Two real Redis servers and three sentinels that choose another master when theirs dies."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.certificates import Certificates
from tests.support.redis_server import RedisServer, free_port, real_redis_binary
from tests.support.wait import wait_until

MASTER = "farm-master"
DOWN_MS = 1000


@dataclass(frozen=True)
class Guarding:
    """How the servers and their sentinels are guarded. The arguments are those of the servers' command lines."""

    server: Sequence[str] = ()
    sentinel: Sequence[str] = ()  # lines of each sentinel's configuration
    to_servers: tuple[str, str] = ("", "")  # user and password
    to_sentinels: tuple[str, str] = ("", "")
    tls: Certificates | None = None

    def options(self, user: tuple[str, str]) -> dict[str, Any]:
        """Of redis-py."""
        options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_timeout": 5}
        if user[1]:
            options |= {"username": user[0], "password": user[1]}
        if self.tls is not None:
            options |= {"ssl": True, "ssl_ca_certs": str(self.tls.authority)}
        return options


@dataclass
class Sentinels:
    """A master, its replica, and who watches them."""

    servers: Sequence[RedisServer]
    ports: Sequence[int]
    guarding: Guarding

    @property
    def url(self) -> str:
        """For FARM_BROKER_URL, without a password."""
        scheme = "sentinel" if self.guarding.tls is None else "sentinels"
        user = f"{self.guarding.to_servers[0]}@" if self.guarding.to_servers[0] else ""
        return f"{scheme}://{user}{','.join(f'127.0.0.1:{port}' for port in self.ports)}/{MASTER}/0"

    @property
    def port(self) -> int:
        """Where the sentinels say that the master is, once they agree and it says so itself."""

        def agreed() -> int:
            ports = {int(state["port"]) for state in self.states() if "s_down" not in state["flags"]}
            [port] = ports if len(ports) == 1 else [0]
            return port if port and self.role(port) == "master" else 0

        return wait_until(agreed, "the sentinels agree on a master", timeout_s=60)

    def states(self) -> list[dict[str, Any]]:
        """What each sentinel that answers says of the master."""
        found: list[dict[str, Any]] = []
        for port in self.ports:
            try:
                with redis.Redis(
                    host="127.0.0.1", port=port, **self.guarding.options(self.guarding.to_sentinels)
                ) as sentinel:
                    found.append(sentinel.sentinel_master(MASTER))
            except redis.RedisError:
                continue
        return found

    def role(self, port: int) -> str:
        """`master` or `slave`; empty for a server that does not answer."""
        try:
            return bytes(self.server(port).client().role()[0]).decode()
        except redis.RedisError:
            return ""

    def server(self, port: int) -> RedisServer:
        return next(server for server in self.servers if server.port == port)

    def client(self) -> redis.Redis:
        """A client of the master."""
        return self.server(self.port).client()

    def fail_over(self) -> RedisServer:
        """Kill the master without a warning, and wait until the other one has its place. The dead one."""
        before = self.port
        self.server(before).kill()
        wait_until(lambda: self.port != before, "the replica is the master", timeout_s=60)
        return self.server(before)

    def demote(self) -> None:
        """Have the sentinels make the replica the master; the old one lives on as its replica."""
        before = self.port
        options = self.guarding.options(self.guarding.to_sentinels)
        with redis.Redis(host="127.0.0.1", port=self.ports[0], **options) as sentinel:
            sentinel.execute_command("SENTINEL", "FAILOVER", MASTER)
        wait_until(lambda: self.port != before, "the replica is the master", timeout_s=60)
        wait_until(lambda: self.role(before) == "slave", "the old master follows the new one", timeout_s=60)


@contextmanager
def running_sentinels(folder: Path, guarding: Guarding | None = None) -> Iterator[Sentinels]:
    """All five, which know each other; killed at the end."""
    guarding = guarding or Guarding()
    binary = real_redis_binary()
    with ExitStack() as stack:
        servers: list[RedisServer] = []
        for name in ("a", "b"):
            (folder / name).mkdir(parents=True)
            port = free_port()
            follow = ("--replicaof", "127.0.0.1", str(servers[0].port)) if servers else ()
            words = ("--repl-diskless-sync-delay", "0", *guarding.server, *_listening(guarding, port), *follow)
            server = RedisServer(binary, folder / name, port, words, guarding.options(guarding.to_servers))
            server.start()
            stack.callback(server.kill)
            servers.append(server)
        ports = [free_port() for _ in range(3)]
        for port in ports:
            config = folder / f"sentinel-{port}.conf"
            config.write_text("\n".join(_configuration(guarding, port, servers[0].port, folder)) + "\n")
            log = stack.enter_context((folder / f"sentinel-{port}.log").open("wb"))
            process = subprocess.Popen([str(binary), str(config), "--sentinel"], stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
        found = Sentinels(servers, ports, guarding)
        wait_until(lambda: _complete(found), "the sentinels know each other and the replica", timeout_s=60)
        yield found


def _listening(guarding: Guarding, port: int) -> tuple[str, ...]:
    if guarding.tls is None:
        return ()
    files = {"cert": guarding.tls.certificate, "key": guarding.tls.key, "ca-cert": guarding.tls.authority}
    words = [word for name, file in files.items() for word in (f"--tls-{name}-file", str(file))]
    return ("--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--tls-replication", "yes", *words)


def _configuration(guarding: Guarding, port: int, master: int, folder: Path) -> Iterator[str]:
    yield from (f"port {port}", "bind 127.0.0.1", f"dir {folder}")
    words = _listening(guarding, port)
    yield from (f"{name.removeprefix('--')} {value}" for name, value in zip(words[::2], words[1::2], strict=True))
    yield from guarding.sentinel
    yield f"sentinel monitor {MASTER} 127.0.0.1 {master} 2"
    yield f"sentinel down-after-milliseconds {MASTER} {DOWN_MS}"
    yield f"sentinel failover-timeout {MASTER} 5000"
    user, password = guarding.to_servers
    if password:
        yield from (f"sentinel auth-user {MASTER} {user}", f"sentinel auth-pass {MASTER} {password}")


def _complete(found: Sentinels) -> bool:
    states = found.states()
    known = [state["num-other-sentinels"] == 2 and state["num-slaves"] == 1 for state in states]
    try:
        link = found.servers[1].client().info("replication")
    except redis.RedisError:
        return False
    return len(known) == 3 and all(known) and link["master_link_status"] == "up"
