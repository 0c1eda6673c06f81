"""The URL of the broker: what may be in it, its parts, and how it is shown.

    redis://[USER[:PASSWORD]@]HOST[:6379][/DATABASE]              rediss:// with TLS
    sentinel://[USER[:PASSWORD]@]HOST[:26379][,HOST...][/MASTER][/DATABASE]    sentinels:// with TLS
    redis+socket:///PATH[?virtual_host=DATABASE]

Celery and redis-py read URLs each in another way, and quietly ignore parts that they do not know. So a URL is
read here once, everything else is refused in one line, and a password in it is never repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

from farm.errors import ConfigError

REDIS_PORT, SENTINEL_PORT = 6379, 26379
DEFAULT_MASTER = "mymaster"  # of Redis's own example configuration
SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "sentinels")
_CLUSTER = ("rediscluster", "redis+cluster", "redisscluster", "rediss+cluster", "valkey+cluster")
CLUSTER_MODE = "a Redis in cluster mode; farm needs one server that has all keys"
USE_ONE = "use a Redis without cluster mode: redis://HOST:PORT/0, or sentinel://HOST,HOST,HOST"
_ENCODED = "write %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %25 for %"
PASSWORD_HINT = f"{_ENCODED}, or leave the password out and put it into the file that FARM_BROKER_PASSWORD_FILE names"


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """The parts of a broker's URL. `nodes`: the server, or the sentinels that know where it is."""

    scheme: str
    nodes: tuple[tuple[str, int], ...] = ()
    user: str = ""
    password: str = ""
    database: int = 0
    master: str = ""  # what the sentinels call the server
    socket: str = ""  # path of a unix socket, in place of nodes

    @property
    def tls(self) -> bool:
        return self.scheme in ("rediss", "sentinels")

    @property
    def by_sentinel(self) -> bool:
        return self.scheme.startswith("sentinel")

    @property
    def local(self) -> bool:
        """Whether only processes of this host can reach the broker: a unix socket or the loopback address.

        Sentinels may name a server of any host.
        """
        if self.by_sentinel:
            return False
        return bool(self.socket) or all(
            host in ("localhost", "::1") or host.startswith("127.") for host, _ in self.nodes
        )

    @property
    def shown(self) -> str:
        """The URL without its credentials."""
        if self.socket:
            return f"redis+socket://{self.socket}"
        master = f"/{self.master}" if self.by_sentinel else ""
        return f"{self.scheme}://{self._hosts}{master}/{self.database}"

    @property
    def celery(self) -> str:
        """The URL as kombu reads it. One for each sentinel, because kombu may begin with any of them."""
        if self.socket:
            return f"redis+socket://{self.socket}?virtual_host={self.database}"
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        who = f"{quote(self.user, safe='')}{secret}@" if self.user or secret else ""
        scheme = "sentinel" if self.by_sentinel else self.scheme
        return ";".join(f"{scheme}://{who}{_host(*node)}/{self.database}" for node in self.nodes)

    @property
    def _hosts(self) -> str:
        return ",".join(_host(*node) for node in self.nodes)

    def with_password(self, password: str) -> BrokerUrl:
        """The same with this password, unless it has one, or is a unix socket."""
        return self if self.password or self.socket else replace(self, password=password)


def read_broker_url(url: str, origin: str) -> BrokerUrl:
    """The parts of a URL. ConfigError that names `origin`, and repeats nothing of the URL that may be a password."""
    scheme, mark, rest = url.strip().partition("://")
    scheme = scheme.lower()
    if mark and scheme in _CLUSTER:
        raise _mistake(origin, CLUSTER_MODE, USE_ONE)
    if not mark or scheme not in SCHEMES:
        shown = f"{scheme}://... is " if mark and re.fullmatch(r"[a-z][a-z+.-]{0,20}", scheme) else ""
        raise _mistake(origin, f"{shown}not a Redis URL", f"use one of {', '.join(s + '://...' for s in SCHEMES)}")
    if scheme == "redis+socket":
        return _socket(rest, origin)
    if scheme.startswith("sentinel"):
        rest = re.sub(r"[;,]\s*sentinels?://", ",", rest).replace(";", ",")  # Celery's way of writing several
    if "://" in rest:
        raise _mistake(origin, "a list of URLs; farm uses one Redis", "give one URL, or sentinel://HOST,HOST,HOST")
    found, place = _credentials(rest, BrokerUrl(scheme), origin)
    place, mark, _ = place.partition("?")
    if mark or "#" in place:
        raise _mistake(
            origin, "options in the URL, which farm does not read", "leave out what begins with ? or #; TLS: rediss://"
        )
    hosts, _, path = place.partition("/")
    nodes = _nodes(hosts, SENTINEL_PORT if found.by_sentinel else REDIS_PORT, origin)
    if len(nodes) > 1 and not found.by_sentinel:
        raise _mistake(origin, f"{len(nodes)} servers; farm uses one Redis", "give one, or sentinel://HOST,HOST,HOST")
    return _with_path(replace(found, nodes=nodes), path, origin)


def _socket(rest: str, origin: str) -> BrokerUrl:
    path, _, options = rest.partition("?")
    name, _, database = options.partition("=")
    if not path.startswith("/") or (options and (name != "virtual_host" or not database.isdecimal())):
        raise _mistake(origin, "not the path of a unix socket", "use redis+socket:///PATH?virtual_host=0")
    return BrokerUrl("redis+socket", socket=path, database=int(database or 0))


def _credentials(rest: str, found: BrokerUrl, origin: str) -> tuple[BrokerUrl, str]:
    """The URL's user and password, and the rest of it. Each sentinel may repeat them."""
    whos, places = set(), []
    for each in rest.split(",") if found.by_sentinel else (rest,):
        who, mark, place = each.rpartition("@")
        places.append(place)
        whos |= {who} if mark else set()
    if any(mark in who for who in whos for mark in "/?# \t"):
        raise _mistake(origin, "the password has a character that a URL cannot hold as it is", PASSWORD_HINT)
    if len(whos) > 1:
        raise _mistake(origin, "sentinels with different credentials", "those of Redis are in the URL, once")
    user, _, password = "".join(whos).partition(":")
    return replace(found, user=unquote(user), password=unquote(password)), ",".join(places)


def _nodes(hosts: str, port: int, origin: str) -> tuple[tuple[str, int], ...]:
    found = []
    for each in hosts.split(","):
        try:
            parts = urlsplit(f"//{each.strip()}")
            number = parts.port
        except ValueError:
            number, parts = 0, urlsplit("")
        if number == 0 or not parts.hostname:
            # What looks like a host and a port may be the beginning of a password
            raise _mistake(origin, "no HOST:PORT is in it; or its password is not encoded", PASSWORD_HINT)
        found.append((parts.hostname, number or port))
    return tuple(found)


def _with_path(found: BrokerUrl, path: str, origin: str) -> BrokerUrl:
    parts = [unquote(part) for part in path.split("/") if part]
    database = 0
    if parts and parts[-1].isdecimal():
        database = int(parts.pop())
    if found.by_sentinel:
        master = parts.pop(0) if parts else DEFAULT_MASTER
        found = replace(found, master=master)
    if parts:
        form = "sentinel://HOST,HOST,HOST/MASTER/0" if found.by_sentinel else "redis://HOST:PORT/0"
        raise _mistake(origin, "not the number of a database behind the host", f"use {form}")
    return replace(found, database=database)


def _host(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _mistake(origin: str, what: str, remedy: str) -> ConfigError:
    return ConfigError(f"{origin}: {what}", remedy=remedy)
