"""Fixtures of the hostile suite: slots, and canaries that only the sandbox protects (their modes allow everything)."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hostile.slots import Slots

collect_ignore = ["programs"]  # attacks, never to be imported here

# A secret of the worker: in its memory, its environment, its expected outputs and a file. No program may find it.
CANARY = f"CANARY-{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class Outside:
    """A folder outside every sandbox: a file anybody may write and a socket anybody may write to."""

    folder: Path
    mailbox: socket.socket

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    @property
    def mailbox_path(self) -> Path:
        return self.folder / "mailbox"

    def state(self) -> dict[str, tuple[object, ...]]:
        """All that an attack could change: names, content, mode, owner, times, size, attributes."""
        found: dict[str, tuple[object, ...]] = {}
        for path in sorted([self.folder, *self.folder.rglob("*")]):
            info = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            owner = info.st_mode, info.st_uid, info.st_gid, info.st_nlink
            found[path.name] = (content, *owner, info.st_mtime_ns, info.st_ctime_ns, os.listxattr(path))
        return found

    def received(self) -> bytes:
        """All that arrived in the mailbox; empty if nothing did."""
        letters = b""
        with contextlib.suppress(BlockingIOError):
            while True:
                letters += self.mailbox.recv(1 << 16)
        return letters


@pytest.fixture(scope="session")
def slots() -> Iterator[Slots]:
    os.environ["FARM_CANARY"] = CANARY
    opened = Slots()
    try:
        yield opened
    finally:
        opened.close()
        del os.environ["FARM_CANARY"]


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    # Not tmp_path: its mode 700 would protect the canary from another uid before the sandbox has to.
    folder = Path(tempfile.mkdtemp(prefix="farm-outside-"))
    folder.chmod(0o777)
    mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        place = Outside(folder, mailbox)
        place.canary.write_text(CANARY)
        place.canary.chmod(0o666)
        mailbox.bind(str(place.mailbox_path))
        place.mailbox_path.chmod(0o777)
        yield place
    finally:
        mailbox.close()
        shutil.rmtree(folder)
