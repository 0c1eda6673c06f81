"""A real PostgreSQL server for tests, on a unix socket in its own folder; a database per ledger."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.wait import wait_until


@dataclass
class PostgresServer:
    """One server. `fresh_url` is for FARM_LEDGER_URL."""

    directory: Path
    user: str
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.directory}&user={self.user}"

    def fresh_url(self) -> str:
        """The URL of a new, empty database."""
        name = f"ledger{next(self._numbers)}"
        engine = sa.create_engine(self.url("postgres").replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url(name)

    def answers(self) -> bool:
        """Whether it takes connections: its socket is there before it does."""
        engine = sa.create_engine(self.url("postgres").replace("postgresql:", "postgresql+psycopg:"))
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            return False
        finally:
            engine.dispose()
        return True


def _binaries() -> Path:
    """Where initdb and postgres are. Skips without them; in CI that is a failure."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if found or on_path:
        return (found[-1] if found else Path(str(on_path))).parent
    if os.environ.get("CI"):
        pytest.fail("no PostgreSQL server on this machine, and CI must have one")
    pytest.skip("no PostgreSQL server on this machine")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server that loses its data with its folder, so it need not write durably."""
    binaries = _binaries()
    # It refuses to run as root; a socket's path must be short.
    account = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    directory = Path(tempfile.mkdtemp(prefix="farm-pg-", dir="/tmp"))
    os.chown(directory, account.pw_uid, account.pw_gid)
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    process = None
    try:
        data = directory / "data"
        subprocess.run(
            [
                str(binaries / "initdb"), "--pgdata", str(data), "--auth", "trust", "--username", account.pw_name,
                "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=directory, **who,
        )  # type: ignore[call-overload]  # fmt: skip
        log = (directory / "log").open("wb")
        process = subprocess.Popen(
            [
                str(binaries / "postgres"), "-D", str(data), "-k", str(directory), "-c", "listen_addresses=",
                "-c", "fsync=off", "-c", "full_page_writes=off",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory, **who,
        )  # type: ignore[call-overload]  # fmt: skip
        log.close()
        server = PostgresServer(directory, account.pw_name)
        wait_until(server.answers, "PostgreSQL answers", timeout_s=60)
        yield server
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)  # at once, without a checkpoint
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)
