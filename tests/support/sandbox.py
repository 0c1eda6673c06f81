"""Which sandboxes the tests can use here, and a view of the processes that belong to them."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from farm.errors import SandboxUnavailable
from farm.judging.open import CONFINED, open_sandbox


@functools.cache
def available_tiers() -> list[str]:
    """The confined tiers that start on this host with this interpreter, strongest first.

    Never empty: a host that offers none has no business running this suite, and says so.
    """
    found, reasons = [], []
    for tier in CONFINED:
        try:
            with open_sandbox(tier=tier):
                found.append(str(tier))
        except SandboxUnavailable as exc:
            reasons.append(str(exc))
    assert found, reasons
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    return _stat(pid)[1] not in "ZX"


def children(pid: int) -> list[int]:
    """The running children of a process."""
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [p for p in found if _stat(p)[0] == pid and alive(p)]


def zygotes() -> set[int]:
    """The running zygotes of this process, those of other tests' sandboxes included."""
    return {pid for pid in children(os.getpid()) if is_zygote(pid)}


def is_zygote(pid: int) -> bool:
    """Whether a process is a zygote, or a program that is still in its hands."""
    try:
        return b"zygote.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used; 0 for one that is gone."""
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def descendants(pid: int) -> list[int]:
    """All running processes below one, in no order."""
    found = children(pid)
    return found + [p for child in found for p in descendants(child)]


def _stat(pid: int) -> tuple[int, str]:
    """Parent and state; (0, "X") for a process that is gone."""
    fields = _fields(pid)
    return (int(fields[1]), fields[0]) if fields else (0, "X")


def _fields(pid: int) -> list[str]:
    """What /proc/PID/stat has behind the name; nothing of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
