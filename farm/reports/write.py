"""Report files that are whole or absent: written to a temporary file, synced, then renamed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from farm.errors import ConfigError
from farm.reports.as_json import as_json
from farm.reports.as_markdown import as_markdown
from farm.scoring.report import Report
from farm.text import one_line

MAX_NAME_BYTES = 150  # of a part of a path: a name of up to 255 has a time and an ending, too
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f\ud800-\udfff]+")


def write_report(report: Report, directory: Path) -> list[Path]:
    """Writes report.json and report.md into `directory`, made if absent; returns their paths.

    Each file is replaced at once and survives a power cut. ConfigError if that place cannot be written.
    """
    paths = []
    for name, text in (("report.json", as_json(report)), ("report.md", as_markdown(report))):
        with durable(directory / name) as file:
            file.write(text.encode())
        paths.append(directory / name)
    return paths


def path_part(name: str, what: str) -> str:
    """`name`, which somebody gave, as one part of a path. ConfigError that says `what` if it could lead elsewhere."""
    if not name.strip(". ") or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES or not _FILE_NAME.fullmatch(name):
        raise ConfigError(
            f"{what}: {one_line(repr(name), 80)} cannot be the name of a file",
            remedy=f"give up to {MAX_NAME_BYTES} bytes without slashes and controls",
        )
    return name


@contextmanager
def durable(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears as `path` only when the block ends well, synced to the disk.

    The directory is made if absent. If the block raises, nothing is left. ConfigError names the path
    where the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_directory(path.parent)
    except OSError as exc:
        raise ConfigError(
            f"cannot write {path}: {exc.strerror or exc}", remedy="name a directory that can be written with --out"
        ) from exc
    finally:
        # Gone already where all went well; absent or unreachable where the directory is at fault.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
