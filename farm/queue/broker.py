"""Connections to Redis, as Celery and redis-py name them, and its failures in one line."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.retry import Retry

from farm.config import Settings
from farm.errors import BrokerUnavailable, ConfigError

SOCKET_SCHEME = "redis+socket://"
MAX_SKEW_S = 30
START_TIMEOUT_S = 5.0  # of each of two attempts, when somebody waits for an answer


def broker_url(settings: Settings) -> str:
    """The URL for Celery, with the password from the settings where the URL has none.

    Raises ConfigError when no broker is configured.
    """
    if settings.broker_url is None:
        raise ConfigError("FARM_BROKER_URL is not set", remedy="give redis://HOST:PORT/0, as the coordinator has it")
    return _with_password(settings.broker_url, settings)


def client(settings: Settings, *, retries: int = 3, timeout_s: float = 30.0) -> redis.Redis:
    """A redis-py client (bytes in, bytes out). Connects lazily; safe to share among threads."""
    url = broker_url(settings)
    if url.startswith(SOCKET_SCHEME):
        path = urlsplit(url).path
        url = f"unix://{path}?db=0"
    return redis.Redis.from_url(
        url,
        **tls(settings),
        socket_timeout=timeout_s,
        socket_connect_timeout=5,
        health_check_interval=25,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries),
    )


def tls(settings: Settings) -> dict[str, Any]:
    """What redis-py and Celery need for a rediss:// URL; nothing for others. The server must prove its name."""
    if not broker_url(settings).startswith("rediss://"):
        return {}
    files = {
        "ssl_ca_certs": settings.broker_ca,
        "ssl_certfile": settings.broker_cert,
        "ssl_keyfile": settings.broker_cert_key,
    }
    named = {name: str(path) for name, path in files.items() if path is not None}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **named}


def skew_s(connection: redis.Redis) -> float:
    """How far this host's clock is ahead of the clock of Redis' host, in seconds, corrected by half the round trip."""
    before = time.time()
    seconds, micros = connection.time()
    return (before + time.time()) / 2 - (seconds + micros / 1e6)


def require_same_time(connection: redis.Redis) -> None:
    """Raise ConfigError if the clocks differ too much: kombu redelivers messages by the host's clock."""
    ahead = skew_s(connection)
    if abs(ahead) > MAX_SKEW_S:
        raise ConfigError(
            f"this host's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Redis' host's",
            remedy=f"set both by NTP: beyond {MAX_SKEW_S} s, work of living workers is given to others",
        )


def ping(settings: Settings, *, retries: int = 1) -> None:
    """Raise BrokerUnavailable, in one line and without the password, unless Redis answers in seconds."""
    url = broker_url(settings)
    where = shown(url)
    # What speaks no TLS does not even refuse: it waits for the end of a line
    start_it = "start it, or use redis:// if it has no TLS" if url.startswith("rediss:") else "start it"
    connection = client(settings, retries=retries, timeout_s=START_TIMEOUT_S)
    try:
        connection.ping()
    except AuthenticationError as exc:
        raise BrokerUnavailable(
            f"Redis at {where} refuses the credentials", remedy="check FARM_BROKER_URL or FARM_BROKER_PASSWORD_FILE"
        ) from exc
    except RedisError as exc:
        raise BrokerUnavailable(
            f"Redis at {where} does not answer: {exc}",
            remedy=f"{start_it}, or unset FARM_BROKER_URL for the embedded one",
        ) from exc
    finally:
        connection.close()


def require_scripts(settings: Settings, connection: redis.Redis) -> None:
    """Raise BrokerUnavailable if this user may not run scripts: a worker claims each job by a script."""
    try:
        connection.register_script("return 1")()
    except NoPermissionError as exc:
        raise BrokerUnavailable(
            f"Redis at {shown(broker_url(settings))} lets this user run no script",
            remedy="allow evalsha and script|load to workers",
        ) from exc


def is_local(url: str) -> bool:
    """Whether only processes of this host can reach the broker: a unix socket or the loopback address."""
    if url.startswith(SOCKET_SCHEME):
        return True
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def shown(url: str) -> str:
    """The URL without its credentials."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _with_password(url: str, settings: Settings) -> str:
    parts = urlsplit(url)
    if settings.broker_password is None or url.startswith(SOCKET_SCHEME) or parts.password:
        return url
    user = quote(parts.username or "", safe="")
    secret = quote(settings.broker_password.get_secret_value(), safe="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{user}:{secret}@{host}", parts.path or "/0", parts.query, ""))
