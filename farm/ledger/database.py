"""Connections to the ledger's database, and its errors as farm's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from farm.errors import ConfigError, FarmError, LedgerCorrupt, LedgerError


def connect(url: str) -> sa.Engine:
    """An engine for a SQLAlchemy URL; ConfigError when it cannot be used."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as exc:  # ValueError: of a port that is no number
        raise ConfigError(
            "FARM_LEDGER_URL: not a database URL", remedy="use sqlite:///FILE or postgresql://..."
        ) from exc
    if parsed.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(parsed.set(drivername="postgresql+psycopg"))
        except ImportError as exc:
            raise ConfigError(
                "FARM_LEDGER_URL: PostgreSQL needs psycopg", remedy="pip install 'farm-eval[postgres]'"
            ) from exc
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise ConfigError("FARM_LEDGER_URL: unknown database", remedy="use sqlite:///FILE or postgresql://...")
    try:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise LedgerError(f"ledger {url}: cannot make its folder: {exc.strerror}", remedy="set FARM_HOME") from exc
    engine = sa.create_engine(parsed, connect_args={"timeout": 30})
    sa.event.listen(engine, "connect", _sqlite_pragmas)
    return engine


def _sqlite_pragmas(connection: Any, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # FULL: a commit that was acted on survives a power cut. WAL: readers never block the writer.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Database errors as farm's own: a full disk, a damaged file, a server that is gone."""
    try:
        yield
    except FarmError:
        raise
    except OperationalError as exc:
        raise LedgerError(f"ledger {shown(url)}: {_first_line(exc)}", remedy=_remedy(exc)) from exc
    except UnicodeDecodeError as exc:  # of a text, or of SQLite's own message about a damaged schema
        raise LedgerCorrupt(
            f"ledger {shown(url)}: holds what is no text ({exc.reason})", remedy="restore it from a copy"
        ) from exc
    except DatabaseError as exc:
        raise LedgerCorrupt(f"ledger {shown(url)}: {_first_line(exc)}", remedy="restore it from a copy") from exc


def shown(url: str) -> str:
    """The URL without its password."""
    return sa.make_url(url).render_as_string(hide_password=True)


def _first_line(exc: DatabaseError) -> str:
    return str(exc.orig or exc).strip().splitlines()[0]


def _remedy(exc: OperationalError) -> str:
    text = str(exc.orig)
    if "disk is full" in text or "disk I/O" in text:
        return "free space, then farm resume"
    if "locked" in text:
        return "another process holds it for too long; try again"
    return ""
