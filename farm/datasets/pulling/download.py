"""One file from a server to the disk: streamed, resumed, checked, and moved in whole.

The bytes go into a hidden part file whose name holds the server's ETag, so a later try goes on only
with a part of the same content. Nothing appears under the file's own name before size and digest agree.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from farm.datasets.jsonl import refuse_foreign
from farm.datasets.pulling.hub import BrokeOff, Hub, NoSuchRange, Remote
from farm.datasets.pulling.pulled import cannot_write, file_digest
from farm.errors import DatasetError
from farm.ids import sha256_hex

RETRY_AFTER_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)  # between tries that brought no byte
_HEAD_BYTES = 512  # enough to tell a pointer or a page from data

OnBytes = Callable[[int, int], None]
"""Called with (bytes of the file that are there, how many of them this call brought)."""


def download(hub: Hub, remote: Remote, target: Path, on_bytes: OnBytes) -> tuple[int, str]:
    """Fetches `remote` to `target`; returns size and SHA-256 of what is there now.

    Goes on where an earlier try stopped. Raises DatasetError, one line, when the server refuses, keeps
    breaking off, sends something else than it announced, or the disk takes no more; the part stays
    except where it is of no use.
    """
    part = part_of(target, remote)
    _remove_other_parts(target, part)
    try:
        with part.open("ab") as file:
            _fill(hub, remote, file, on_bytes)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise _no_room(part, exc) if exc.errno in (errno.ENOSPC, errno.EDQUOT) else cannot_write(part, exc) from exc
    size, digest = check(part, remote)
    move_in(part, target)
    return size, digest


def part_of(target: Path, remote: Remote) -> Path:
    """Where the bytes gather; the name changes with the content, as far as the server tells."""
    key = sha256_hex(f"{remote.version} {remote.size}".encode())[:16] if remote.version else "unnamed"
    return target.with_name(f".{target.name}.{key}.part")


def move_in(part: Path, target: Path) -> None:
    """Gives a complete, synced file its name, durably."""
    try:
        part.replace(target)
        handle = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as exc:
        raise cannot_write(target, exc) from exc


def check(part: Path, remote: Remote) -> tuple[int, str]:
    """Size and SHA-256 of a finished part. DatasetError, and the part is gone, if it is not what was announced."""
    try:
        with part.open("rb") as file:
            refuse_foreign(file.read(_HEAD_BYTES), remote.url)
        size, digest = part.stat().st_size, file_digest(part)
        if remote.size is not None and size != remote.size:
            raise DatasetError(
                f"{size} bytes came, the server named {remote.size}", path=remote.url, remedy="pull it again"
            )
        if remote.sha256 and digest != remote.sha256:
            raise DatasetError(
                f"what came has the SHA-256 {digest[:12]}..., the server named {remote.sha256[:12]}...",
                path=remote.url, remedy="pull it again; if that repeats, something on the way changes files",
            )  # fmt: skip
    except DatasetError:
        part.unlink(missing_ok=True)
        raise
    return size, digest


def _fill(hub: Hub, remote: Remote, file: BinaryIO, on_bytes: OnBytes) -> None:
    there = file.seek(0, os.SEEK_END)
    if not remote.version or (remote.size is not None and there > remote.size):
        # The part may be of other content, or is larger than the file
        file.truncate(0)
        there = file.seek(0)
    on_bytes(there, 0)
    fruitless, pause = 0, threading.Event()
    while remote.size is None or there < remote.size:
        before = there
        try:
            with hub.read(remote, there) as (start, chunks):
                if start != there:
                    file.truncate(start)
                    there = file.seek(start)
                for chunk in chunks:
                    file.write(chunk)
                    there += len(chunk)
                    on_bytes(there, len(chunk))
            return
        except BrokeOff as exc:
            if isinstance(exc, NoSuchRange):
                file.truncate(0)
                there = file.seek(0)
            file.flush()
            fruitless = 0 if there > before else fruitless + 1
            if fruitless >= len(RETRY_AFTER_S):
                raise DatasetError(
                    f"the transfer broke off at {there} of {remote.size or 'unknown'} bytes: {exc}",
                    path=remote.url, remedy="give the same command again: it goes on from there",
                ) from exc  # fmt: skip
            pause.wait(RETRY_AFTER_S[fruitless])


def _remove_other_parts(target: Path, keep: Path) -> None:
    for path in target.parent.glob(f".{target.name}.*.part"):
        if path != keep:
            with suppress(OSError):
                path.unlink()


def _no_room(part: Path, exc: OSError) -> DatasetError:
    with suppress(OSError):
        there = part.stat().st_size
        return DatasetError(
            f"the disk is full at {there} bytes", path=str(part),
            remedy="make room and give the same command again: it goes on from there",
        )  # fmt: skip
    return cannot_write(part, exc)
