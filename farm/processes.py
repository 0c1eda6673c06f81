"""Starts child processes and makes sure that none is left behind.

The kernel kills a child when its parent dies (Linux). A child is identified by pid and start time, so that a
reused pid is never mistaken for it, and gets SIGTERM before SIGKILL. On systems without that kernel feature
the next start ends the children that a killed one recorded in a file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LOOK_S = 0.02  # between looks at a process that is asked to end
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class ProcessName:
    """Identifies a process: its pid and its start, in clock ticks since boot ('' where unknown)."""

    pid: int
    start: str

    @property
    def alive(self) -> bool:
        """Whether that very process still runs (a zombie does not)."""
        if not self.start:
            return _exists(self.pid)
        return process_start(self.pid) == self.start

    def kill(self) -> None:
        """SIGKILL it and its group, if it still is that process."""
        if not self.alive:
            return
        try:
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def process_start(pid: int) -> str:
    """When a process started, in clock ticks since boot; '' if it is gone, a zombie, or the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def name_of(pid: int) -> ProcessName:
    """The name of a process that runs now."""
    return ProcessName(pid, process_start(pid))


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends. Linux only, else nothing."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, log: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Start a process in its own session that dies with this one. Call it from a thread that outlives it."""
    return subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent,  # one prctl: takes no lock
    )


def end(
    processes: Sequence[subprocess.Popen[bytes]], *, grace_s: float, pools: Collection[subprocess.Popen[bytes]] = ()
) -> None:
    """SIGTERM all, wait up to `grace_s` in all, then SIGKILL what is left with its group; reap each.

    `pools`: those whose children do the work. One without children gets no grace.
    """
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + grace_s
    for process in processes:
        while (left := deadline - time.monotonic()) > 0 and not (process in pools and not _children(process.pid)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=min(left, LOOK_S) if process in pools else left)
                break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # the group outlives its leader
        process.wait()


def _children(pid: int) -> bool:
    """Whether a process has children; True where that cannot be seen."""
    try:
        found = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # a thread ended in between
        return True
    return any(found) or not found


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
