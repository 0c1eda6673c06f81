"""Connections to Redis, as Celery and redis-py name them, and its failures in one line."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.retry import Retry

from farm.config import Settings
from farm.errors import BrokerUnavailable, ConfigError

SOCKET_SCHEME = "redis+socket://"
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
        socket_timeout=timeout_s,
        socket_connect_timeout=5,
        health_check_interval=25,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries),
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
    """Raise BrokerUnavailable where this user may run no script: a worker claims each job by one."""
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
