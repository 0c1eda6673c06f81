"""Looks at a child through /proc: its CPU time, run delay, threads and resident memory."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import Literal

from farm.sandbox.clock import Look

ClockKind = Literal["run-delay", "sampled", "wall"]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2  # linux/posix-timers.h: the precise CPU clock of a whole process


class ProcessView:
    """Open files of one process in /proc. They stay with that process when its pid is used again."""

    def __init__(self, pid: int, pidfd: int) -> None:
        """Raises OSError where /proc does not show the process, or when it has ended."""
        self._clock = (~pid << 3) | _CPUCLOCK_SCHED
        self._opened: list[int] = []
        try:
            self._home = self._open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY)
            self._stat = self._open("stat")
            self._statm = self._open("statm")
            self._schedstat: int | None = None
            with contextlib.suppress(OSError):  # a kernel without CONFIG_SCHED_INFO, gVisor
                self._schedstat = self._open("schedstat")
            if select.select([pidfd], [], [], 0)[0]:  # the pid may name another process by now
                raise ProcessLookupError(pid)
        except BaseException:
            self.close()
            raise

    def _open(self, name: str, flags: int = os.O_RDONLY) -> int:
        fd = os.open(name, flags | os.O_CLOEXEC, dir_fd=None if not self._opened else self._opened[0])
        self._opened.append(fd)
        return fd

    def look(self) -> Look:
        """The process now. ProcessLookupError once it is reaped."""
        at = time.monotonic()
        text = os.pread(self._stat, 1024, 0)
        fields = text[text.rindex(b")") + 2 :].split()
        state, threads = fields[0], int(fields[17])
        if threads == 0:  # ended and not reaped; its files still tell the totals
            state, threads = b"R", 1
        return Look(
            at=at,
            cpu_s=self._cpu_s(fields),
            threads=threads,
            ready=state == b"R" or (threads > 1 and self._any_ready()),
            delay_s=self._delay_s(),
            resident_bytes=int(os.pread(self._statm, 256, 0).split()[1]) * _PAGE,
        )

    def _cpu_s(self, stat: list[bytes]) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # a kernel without this clock: ticks
            return (int(stat[11]) + int(stat[12])) / _TICK

    def _delay_s(self) -> float | None:
        if self._schedstat is None:
            return None
        words = os.pread(self._schedstat, 128, 0).split()
        # Run time and delay are both 0 where the kernel has the file and does not count
        return int(words[1]) / 1e9 if len(words) > 1 and words[0] != b"0" else None

    def _any_ready(self) -> bool:
        with contextlib.suppress(OSError):
            tasks = os.open("task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._home)
            try:
                return any(self._is_ready(f"task/{name}/stat") for name in os.listdir(tasks))  # noqa: PTH208 - of a descriptor
            finally:
                os.close(tasks)
        return False

    def _is_ready(self, path: str) -> bool:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._home)
        except OSError:  # the thread has ended
            return False
        try:
            text = os.read(fd, 512)
        except OSError:
            return False
        finally:
            os.close(fd)
        return text[text.rindex(b")") + 2 : text.rindex(b")") + 3] == b"R"

    def close(self) -> None:
        """Close the files; idempotent."""
        while self._opened:
            os.close(self._opened.pop())


def clock_kind(pid: int) -> ClockKind:
    """By what rule of `farm/sandbox/clock.py` a child of the running process `pid` will be timed here."""
    pidfd = os.pidfd_open(pid)
    try:
        view = ProcessView(pid, pidfd)
    except OSError:
        return "wall"
    finally:
        os.close(pidfd)
    try:
        return "sampled" if view.look().delay_s is None else "run-delay"
    finally:
        view.close()
