"""Clients of the broker: one Redis, or the one that its sentinels name at the moment."""

from __future__ import annotations

from typing import Any, cast

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.retry import Retry
from redis.sentinel import Sentinel

from farm.broker_url import BrokerUrl, read_broker_url
from farm.config import Settings
from farm.errors import ConfigError
from farm.queue.bounded_replies import BOUNDED

SOCKET_SCHEME = "redis+socket://"
SENTINEL_TIMEOUT_S = 2.0  # of each sentinel: another one answers as well


def address(settings: Settings) -> BrokerUrl:
    """Where the broker is, with the password from the settings where the URL has none.

    Raises ConfigError when no broker is configured.
    """
    if settings.broker_url is None:
        raise ConfigError("FARM_BROKER_URL is not set", remedy="give redis://HOST:PORT/0, as the coordinator has it")
    found = read_broker_url(settings.broker_url, "FARM_BROKER_URL")
    password = settings.broker_password
    return found if password is None else found.with_password(password.get_secret_value())


def client(settings: Settings, *, retries: int = 3, timeout_s: float = 30.0, bounded: bool = False) -> redis.Redis:
    """A redis-py client (bytes in, bytes out). Connects lazily; safe to share among threads.

    With `retries` a command whose reply is lost or late is sent again, so it may be done twice: what must not is sent
    by a client without them. `bounded`: no reply takes more memory than a worker can give (farm.queue.bounded_replies).
    """
    place = address(settings)
    options: dict[str, Any] = {
        "username": place.user or None,
        "password": place.password or None,
        "db": place.database,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": 5,
        "health_check_interval": 25,
        "retry": Retry(ExponentialBackoff(cap=1.0, base=0.05), retries),
        **tls(settings),
        **(BOUNDED if bounded else {}),
    }
    if place.by_sentinel:
        found = sentinel(settings, **options, ssl=place.tls)
        return cast(redis.Redis, found.master_for(place.master))  # type: ignore[no-untyped-call]
    if place.socket:
        pool = ConnectionPool(redis.UnixDomainSocketConnection, path=place.socket, **options)
    else:
        host, port = place.nodes[0]
        pool = ConnectionPool(_TlsConnection if place.tls else _Connection, host=host, port=port, **options)
    return redis.Redis.from_pool(pool)


def sentinel(settings: Settings, **options: Any) -> Sentinel:
    """The sentinels of a broker that has some; `options` are those of clients of the server that they name."""
    nodes = address(settings).nodes
    return Sentinel(nodes, sentinel_kwargs=sentinel_options(settings), **options)  # type: ignore[no-untyped-call]


def sentinel_options(settings: Settings) -> dict[str, Any]:
    """How redis-py connects to the sentinels themselves. Their users and passwords are not those of Redis."""
    password = settings.sentinel_password
    return {
        "username": settings.sentinel_user,
        "password": None if password is None else password.get_secret_value(),
        "socket_timeout": SENTINEL_TIMEOUT_S,
        "socket_connect_timeout": SENTINEL_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
        **({"ssl": True, **tls(settings)} if address(settings).tls else {}),
    }


def tls(settings: Settings) -> dict[str, Any]:
    """What redis-py and Celery need where the URL asks for TLS, else nothing. The server must prove its name."""
    if not address(settings).tls:
        return {}
    files = {
        "ssl_ca_certs": settings.broker_ca,
        "ssl_certfile": settings.broker_cert,
        "ssl_keyfile": settings.broker_cert_key,
    }
    named = {name: str(path) for name, path in files.items() if path is not None}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **named}


class ReplicaError(RedisConnectionError):
    """Raised when a server refuses a write because it is a replica (now)."""


class _LeavesReplicas:
    """Part of a connection: a server that has become a replica is left, so that the name leads to its successor.

    redis-py does this for servers that sentinels name. Behind a virtual address or a service's name it must be done
    too: the connection to the old server stays open, and each write would be refused for ever.
    """

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """A reply. Raises ReplicaError, after which redis-py connects again, for a replica's refusal."""
        try:
            return super().read_response(*arguments, **options)  # type: ignore[misc]
        except ReadOnlyError as exc:
            self.disconnect()  # type: ignore[attr-defined]
            raise ReplicaError(f"this Redis is a replica: {exc}") from exc


class _Connection(_LeavesReplicas, redis.Connection):
    pass


class _TlsConnection(_LeavesReplicas, redis.SSLConnection):
    pass
