"""What was pulled into a folder: each file's size, digest and origin, in a note `pulled.json` there.

The note is what `verify` compares with, what lets a second pull leave finished files alone, and where
a report's revision comes from. A folder that was filled by hand has none and works as well.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from farm.errors import DatasetError
from farm.records import Count, Digest, Record

NOTE = "pulled.json"
_LOCK = ".lock"


class PulledFile(Record):
    """One file as it was stored."""

    size: Count
    sha256: Digest
    source: str  # URL or path
    revision: str = ""  # commit of the repository, or what was asked for where the server names none
    via: Literal["http", "folder", "datasets"] = "http"


class Pulled(Record):
    """The note of a folder: files by name."""

    schema_version: Literal[1] = 1
    files: dict[str, PulledFile] = Field(default_factory=dict)

    def revision(self, names: list[str]) -> str:
        """The revisions that the files of these names were pulled at, usually one."""
        return ", ".join(sorted({file.revision for name, file in self.files.items() if name in names} - {""}))


def read_note(folder: Path) -> Pulled:
    """The folder's note; an empty one where there is none. DatasetError if it is no note."""
    path = folder / NOTE
    try:
        return Pulled.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Pulled()
    except OSError as exc:
        raise DatasetError(f"cannot read: {exc.strerror or exc}", path=str(path)) from exc
    except ValidationError as exc:
        raise DatasetError(
            "not a note that farm wrote", path=str(path), remedy="remove it and pull the dataset again"
        ) from exc


def write_note(folder: Path, note: Pulled) -> None:
    """Replaces the folder's note at once. OSError as from writing."""
    temporary = folder / f".{NOTE}.{secrets.token_hex(4)}"
    try:
        temporary.write_bytes(note.to_json() + b"\n")
        temporary.replace(folder / NOTE)
    finally:
        temporary.unlink(missing_ok=True)


def found_in(folder: Path, name: str) -> Path | None:
    """The file of that name in a folder, plain or gzipped."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes. OSError as from reading."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes the folder and holds it for one writer. DatasetError if another has it or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise cannot_write(folder, exc) from exc
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise DatasetError("another farm is writing here", path=str(folder), remedy="wait for it to end") from exc
        yield
    finally:
        with suppress(OSError):
            os.close(handle)


def cannot_write(path: Path, exc: OSError) -> DatasetError:
    """What a refused write means to the user: no room, no permission, a read-only disk."""
    reason = exc.strerror or str(exc)
    return DatasetError(
        f"cannot write: {reason}", path=str(path), remedy="make room or give access, or name another FARM_HOME"
    )
