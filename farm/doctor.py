"""Checks this host for farm: each finding is a pass, a caution or a failure, with a remedy.

Each check tries the real thing: a tier passes if its self-test passes, the ledger if it opens, the broker if it
answers.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from farm.app.catalogue import open_catalogue
from farm.app.embedded import broker_binary, runtime_directory
from farm.config import Settings
from farm.errors import FarmError
from farm.inference.auth import bearer
from farm.judging.open import CONFINED, DOCKER, open_sandbox
from farm.judging.selftest import self_test
from farm.ledger.ledger import Ledger
from farm.queue import broker, broker_checks
from farm.sandbox.confinement import ContainerSpec
from farm.server.discovery import device_of_this_host

Level = Literal["pass", "caution", "fail"]
OLD_CATALOGUE_DAYS = 120  # a release of tt-inference-server came every two weeks in autumn 2026
LOW_DISK_BYTES = 2 << 30
FORBIDDEN = (("FLUSHALL",), ("KEYS", "farm-doctor-looks-for-nothing"), ("CONFIG", "SET", "maxmemory", "0"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    level: Level
    what: str
    remedy: str = ""


def examine(settings: Settings, *, battery: bool, container: ContainerSpec | None = None) -> Iterator[Finding]:
    """All findings, as they are made. `battery` runs each tier's whole self-test and says each answer.

    `container`: look at the container engine too, with containers of this kind.

    Raises ConfigError for a Redis in cluster mode: no command of farm can use it.
    """
    if settings.broker_url is not None:
        broker_checks.require_one_server(settings)
    if sys.platform == "linux":
        from farm.sandbox import probe  # binds system calls that others have not

        yield Finding("pass", probe.host().row())
    yield from _sandbox(battery, container)
    yield _packages()
    yield code(Path(__file__).parent)
    yield from _broker(settings)
    yield from _home(settings)
    yield _key(settings)
    yield _catalogue(settings)
    yield from _device()


def _device() -> Iterator[Finding]:
    """The accelerator of this host, where Tenstorrent's tt-smi is installed."""
    if shutil.which("tt-smi") is None:
        return
    device, words = device_of_this_host()
    if device is not None:
        yield Finding("pass", f"device of this host: {words}")
    else:
        yield Finding("caution", f"device of this host is unknown: {words}", "name it with --device")


def _catalogue(settings: Settings) -> Finding:
    try:
        found = open_catalogue(settings)
    except FarmError as exc:
        return Finding("fail", exc.message, exc.remedy)
    age = found.release.age_days()
    old = age is not None and age > OLD_CATALOGUE_DAYS
    shown = found.source if found.newer else f"{found.source}, {found.release.shown}"
    remedy = "a newer one comes with: pip install --upgrade tenstorrent" if old else ""
    return Finding("caution" if old else "pass", f"model catalogue: {shown}", remedy)


def _sandbox(battery: bool, container: ContainerSpec | None) -> Iterator[Finding]:
    tiers: list[str] = [*CONFINED] if sys.platform == "linux" else []
    tiers += [DOCKER] if container is not None or not tiers else []
    usable = []
    for tier in tiers:
        try:
            with open_sandbox(tier=tier, container=container) as sandbox:
                checks = self_test(sandbox)
                protections = ", ".join(sandbox.info.protections)
        except FarmError as exc:
            yield Finding("caution", f"sandbox tier {tier}: {exc.message}", exc.remedy if tier == DOCKER else "")
            continue
        failed = [check for check in checks if not check.ok]
        for check in checks if battery else failed:
            yield Finding("pass" if check.ok else "fail", f"sandbox tier {tier}: {check.name}: {check.detail or 'ok'}")
        if not failed:
            usable.append(tier)
            yield Finding("pass", f"sandbox tier {tier}: {len(checks)} checks passed ({protections})")
    if not usable:
        yield Finding(
            "fail",
            "no tier confines programs here: execute workers refuse to start",
            "use a kernel with Landlock (5.13 or later), run the worker as root, or use --sandbox docker",
        )


def _packages() -> Finding:
    """LiveCodeBench's own grader has numpy, so a program that imports it would fail here only because of this host."""
    if importlib.util.find_spec("numpy") is not None:
        return Finding("pass", "programs can import numpy")
    return Finding(
        "caution", "programs cannot import numpy, which they can elsewhere", "pip install 'farm-eval[execute]'"
    )


def code(package: Path) -> Finding:
    """Anyone who can write to farm's files decides what its workers do, and a worker may be root."""
    trusted = {0, os.geteuid()} if sys.platform != "win32" else set()
    for path in (package, *package.rglob("*")) if trusted else ():
        found = path.lstat()
        by_others = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and found.st_gid != os.getegid())
        if not stat.S_ISLNK(found.st_mode) and (by_others or found.st_uid not in trusted):
            return Finding(
                "caution",
                f"others may change the code that workers run: {path}",
                f"chmod -R go-w {package}, and have it belong to root or to the workers' user",
            )
    return Finding("pass", f"no other user can change the code in {package}")


def _broker(settings: Settings) -> Iterator[Finding]:
    if settings.broker_url is None:
        try:
            yield Finding("pass", f"embedded broker: {broker_binary()}")
            runtime_directory(settings)
        except FarmError as exc:
            yield Finding("fail", f"embedded broker: {exc.message}", exc.remedy)
        return
    connection = broker.client(settings, retries=0)
    where = broker.address(settings).shown
    try:
        broker_checks.ping(settings)
        yield Finding("pass", f"broker {where} answers")
        yield _secret(settings)
        yield _clock(connection)
        yield _rights(connection, local=broker.address(settings).local)
        persistence = cast(dict[str, object], connection.info("persistence"))
        memory = cast(dict[str, object], connection.info("memory"))
    except FarmError as exc:
        yield Finding("fail", exc.message, exc.remedy)
        return
    except RedisError as exc:
        yield Finding("caution", f"broker {where}: settings cannot be read ({exc})", "allow INFO to see them")
        return
    finally:
        connection.close()
    if persistence.get("aof_enabled"):
        yield Finding("pass", "broker keeps an append-only file")
    else:
        yield Finding("caution", "broker has no append-only file", "start it with --appendonly yes")
    policy = memory.get("maxmemory_policy")
    if policy == "noeviction":
        yield Finding("pass", "broker never evicts")
    else:
        yield Finding("fail", f"broker evicts keys ({policy})", "start it with --maxmemory-policy noeviction")


def _secret(settings: Settings) -> Finding:
    if settings.message_secret is not None:
        return Finding("pass", "messages are signed with FARM_SECRET")
    local = broker.address(settings).local
    what = "FARM_SECRET is not set: " + ("results can be forged on this host" if local else "farm refuses this broker")
    return Finding("caution" if local else "fail", what, "give all processes of this farm the same FARM_SECRET_FILE")


def _clock(connection: redis.Redis) -> Finding:
    ahead = broker_checks.skew_s(connection)
    if abs(ahead) <= broker_checks.MAX_SKEW_S:
        return Finding("pass", f"clock is within {max(1, round(abs(ahead)))} s of the broker's host's")
    return Finding(
        "fail", f"clock is {ahead:+.0f} s off the broker's host's: workers refuse to start", "set both by NTP"
    )


def _rights(connection: redis.Redis, *, local: bool) -> Finding:
    """Whether this user may run commands that farm never uses. They are queued in MULTI and discarded, not executed."""
    wide = []
    link: Any = connection.connection_pool.get_connection()
    try:
        for words in FORBIDDEN:
            link.send_command("MULTI")
            link.read_response()
            link.send_command(*words)
            try:
                link.read_response()
                wide.append(words[0])
            except (NoPermissionError, ResponseError):
                pass
            link.send_command("DISCARD")
            link.read_response()
    finally:
        link.disconnect()  # whatever it had begun is forgotten with it
        connection.connection_pool.release(link)
    if not wide:
        return Finding("pass", "broker's user has no rights beyond farm's")
    return Finding(
        "pass" if local else "caution",
        f"broker's user may also {', '.join(wide)}",
        "" if local else "give each role a user of deploy/redis/users.acl",
    )


def _home(settings: Settings) -> Iterator[Finding]:
    try:
        with Ledger(settings.ledger_url):
            yield Finding("pass", "ledger opens and is intact")
        settings.home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.home).free
    except FarmError as exc:
        yield Finding("fail", exc.message, exc.remedy)
        return
    except OSError as exc:
        yield Finding("fail", f"{settings.home}: {exc.strerror}", "set FARM_HOME to a folder that can be written")
        return
    level: Level = "pass" if free >= LOW_DISK_BYTES else "caution"
    yield Finding(level, f"{free / (1 << 30):.1f} GiB free in {settings.home}", "" if level == "pass" else "make room")


def _key(settings: Settings) -> Finding:
    _, origin = bearer(settings, "vLLM")
    if origin:
        return Finding("pass", f"key of the model server: from {origin}")
    return Finding("caution", "no key of the model server is set", "set VLLM_API_KEY or JWT_SECRET if it wants one")
