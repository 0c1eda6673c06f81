"""Orphans come to this process while a test looks for them, so that none can leave the tree."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def adopted_orphans() -> Iterator[None]:
    """Within it, a process whose parent was killed becomes a child of this one; the ended ones are reaped after it."""
    zombies = _zombies()
    _adopt(True)
    try:
        yield
    finally:
        for pid in _zombies() - zombies:
            os.waitpid(pid, os.WNOHANG)
        _adopt(False)


def _zombies() -> set[int]:
    """Ended children of this process that were not waited for."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == os.getpid():
            found.add(int(name))
    return found


def _adopt(adopt: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
