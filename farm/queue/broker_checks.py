"""Whether a broker can be used: it answers, takes credentials, scripts and writes, and is one server with a good clock.

A failure is one line without a password. One that passes by itself (a failover, data that are still being read) is a
BrokerRefuses: a worker waits for its end, also at its start.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.sentinel import MasterNotFoundError

from farm.broker_url import CLUSTER_MODE, PASSWORD_HINT, USE_ONE, BrokerUrl
from farm.config import Settings
from farm.errors import BrokerRefuses, BrokerUnavailable, ConfigError
from farm.queue.broker import ReplicaError, address, client, sentinel
from farm.queue.redis_keys import Keys
from farm.text import one_line

log = logging.getLogger(__name__)
MAX_SKEW_S = 30
START_TIMEOUT_S = 5.0  # of each of two attempts, when somebody waits for an answer
AGAIN_S = 2.0
# Refusals of Redis that pass by themselves. redis-py has classes for some of them; the others are known by their words
PASSING = (BusyLoadingError, MasterDownError, OutOfMemoryError, ReadOnlyError, ReplicaError)
PASSING_WORDS = re.compile(r"\b(LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM|READONLY|TRYAGAIN)\b")


def passes(exc: RedisError) -> bool:
    """Whether a refusal ends without anyone doing anything to this client or its settings."""
    return isinstance(exc, PASSING) or (isinstance(exc, ResponseError) and bool(PASSING_WORDS.search(str(exc))))


def ping(settings: Settings, *, retries: int = 1) -> None:
    """Return if Redis answers within seconds and farm can use it.

    Raises BrokerUnavailable, BrokerRefuses while it is in a failover or still reads its data, and ConfigError for a
    Redis in cluster mode.
    """
    with _explained(settings), closing(client(settings, retries=retries, timeout_s=START_TIMEOUT_S)) as connection:
        connection.ping()
        _require_one_server(connection)


def require_one_server(settings: Settings) -> None:
    """Raise ConfigError for a Redis in cluster mode, or a sentinel in place of a server; not if it does not answer."""
    try:
        with closing(client(settings, retries=0, timeout_s=START_TIMEOUT_S)) as connection:
            _require_one_server(connection)
    except RedisError:
        return


def ready_for_a_worker(settings: Settings, worker: str) -> redis.Redis:
    """A client of a Redis that this worker can use; waits, without a limit, while Redis refuses for a time.

    Raises BrokerUnavailable and ConfigError as the checks do.
    """
    connection, keys = client(settings, bounded=True), Keys(settings.key_prefix)
    while True:
        try:
            ping(settings)
            with _explained(settings):
                _require_scripts(settings, connection)
                require_same_time(connection)
                _require_writes(connection, keys, worker)
            return connection
        except BrokerRefuses as exc:
            log.warning("%s; waiting for it", exc.message)
            threading.Event().wait(AGAIN_S)


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


def _require_scripts(settings: Settings, connection: redis.Redis) -> None:
    """Raise BrokerUnavailable if this user may not run scripts: a worker claims each job by a script."""
    try:
        connection.register_script("return 1")()
    except NoPermissionError as exc:
        raise BrokerUnavailable(
            f"Redis at {address(settings).shown} lets this user run no script",
            remedy="allow evalsha and script|load to workers",
        ) from exc


def _require_writes(connection: redis.Redis, keys: Keys, worker: str) -> None:
    """Write and delete the worker's key in one transaction, which shows whether Redis takes writes now."""
    pipe = connection.pipeline(transaction=True)
    pipe.hset(keys.worker(worker), "role", "")
    pipe.delete(keys.worker(worker))
    pipe.execute()


def _require_one_server(connection: redis.Redis) -> None:
    """HELLO is the one command that says the mode and that each user may send."""
    try:
        said = cast(Any, connection.execute_command("HELLO"))  # type: ignore[no-untyped-call]
    except (NoPermissionError, ResponseError):
        return  # before Redis 6, which has no HELLO, or a user without it; then the first keys tell
    facts = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=False))
    mode = facts.get(b"mode", b"")
    if mode == b"cluster":
        raise ConfigError(f"FARM_BROKER_URL: {CLUSTER_MODE}", remedy=USE_ONE)
    if mode == b"sentinel":
        raise ConfigError(
            "FARM_BROKER_URL: a sentinel, which holds no data", remedy="use sentinel://HOST,HOST,HOST/MASTER/0"
        )


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Redis's failures as errors of farm, in one line."""
    place = address(settings)
    try:
        yield
    except AuthenticationError as exc:
        raise BrokerUnavailable(
            f"Redis at {place.shown} refuses the credentials",
            remedy=f"check user and password of FARM_BROKER_URL; in a URL {PASSWORD_HINT}",
        ) from exc
    except MasterNotFoundError as exc:
        raise _without_master(settings, place) from exc
    except RedisError as exc:
        what = f"Redis at {place.shown} "
        lost = isinstance(exc, RedisConnectionError | RedisTimeoutError)
        if passes(exc):
            raise BrokerRefuses(f"{what}refuses for now: {one_line(str(exc), 200)}", remedy="try again later") from exc
        if lost and place.by_sentinel:
            text = f"does not answer, and its sentinels name no other yet: {one_line(str(exc), 200)}"
            raise BrokerRefuses(f"{what}{text}", remedy="a failover takes some seconds; try again") from exc
        # What speaks no TLS does not even refuse: it waits for the end of a line
        start_it = "start it, or use redis:// if it has no TLS" if place.tls else "start it"
        raise BrokerUnavailable(
            f"{what}does not answer: {one_line(str(exc), 200)}",
            remedy=f"{start_it}, or unset FARM_BROKER_URL for the embedded one",
        ) from exc


def _without_master(settings: Settings, place: BrokerUrl) -> BrokerUnavailable:
    """Why the sentinels name no server: none answers, or refuses us, or none has the name, or it is down."""
    reasons = []
    for each in sentinel(settings).sentinels:
        try:
            masters = cast(dict[str, object], each.sentinel_masters())
        except RedisError as exc:
            reasons.append(one_line(str(exc), 100))
            continue
        if place.master in masters:
            return BrokerRefuses(
                f"Redis at {place.shown} is down, and its sentinels name no other yet",
                remedy="a failover takes some seconds; try again",
            )
        known = ", ".join(sorted(masters)) or "none"
        return BrokerUnavailable(
            f"Redis at {place.shown}: the sentinels know no master {one_line(place.master, 60)} (known: {known})",
            remedy="name it behind the hosts: sentinel://HOST,HOST,HOST/MASTER/0",
        )
    return BrokerUnavailable(
        f"no sentinel of {place.shown} answers: {'; '.join(dict.fromkeys(reasons))}",
        remedy="start them; their own password: FARM_SENTINEL_USER and FARM_SENTINEL_PASSWORD_FILE",
    )
