"""Copies what a model server's container writes into its log file, as long as the container runs.

A separate process (`python -m farm.server.log_follower CONTAINER FILE`), because the server outlives the
command that started it. Secrets that this process knows are blacked out on the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from farm import config
from farm.errors import FarmError
from farm.inference.auth import tt_token
from farm.server.engine import ServerEngine

BLACKED_OUT = b"[secret]"


def start_following(identity: str, log: Path) -> None:
    """Follow a container from now on; returns at once. The process ends when the container does."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        # Not waited for: it outlives this process, and init reaps it
        subprocess.Popen(
            [sys.executable, "-P", "-m", "farm.server.log_follower", identity, str(log)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )


def copy(pieces: Iterable[bytes], log: Path, secrets: Iterable[bytes]) -> None:
    """Append `pieces` to `log`, a line at a time, without the secrets."""
    hidden = sorted((s for s in secrets if s), key=len, reverse=True)
    with log.open("ab", buffering=0) as sink:
        rest = b""
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                sink.write(_without(line, hidden) + b"\n")
        if rest:
            sink.write(_without(rest, hidden) + b"\n")


def _without(line: bytes, secrets: list[bytes]) -> bytes:
    for secret in secrets:
        line = line.replace(secret, BLACKED_OUT)
    return line


def main(identity: str, log: Path) -> int:
    """Follow until the container ends; the exit code."""
    settings = config.load()
    values = [settings.secret(name) for name in config.SECRET_NAMES]
    known = [value for value in values if value]
    jwt = settings.secret("JWT_SECRET")
    try:
        engine = ServerEngine()
        copy(engine.follow(identity), log, [v.encode() for v in [*known, *([tt_token(jwt)] if jwt else [])]])
    except FarmError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
