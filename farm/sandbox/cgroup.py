"""The control group of one slot, where this host lets us make one: a hard memory and thread limit.

Not mandatory: without it the supervisor samples and rlimits stop the rest. The limit lies above the
program's by SLACK, because a group is charged for pipes and page tables too: what decides is the peak
that the supervisor sees. The zygote is admitted once, so that children are born in the group.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

SLACK_BYTES = 128 << 20
# What an honest program is charged for beyond its resident memory: pipes, page tables, kernel stacks
UNSEEN_BYTES = 32 << 20
_BATCH_BYTES = 2 << 20  # a group is charged by the batch, and a kill comes when the next one does not fit
_PREFIX = "farm-slot-"
_REMOVE_TRIES, _REMOVE_WAIT_S = 400, 0.005
_numbers = itertools.count()


class Cgroup:
    """Directories of one slot, one per hierarchy (`memory` and `pids`; the same one in version 2)."""

    def __init__(self, version: str, memory: Path, pids: Path | None) -> None:
        self.version = version
        self._memory = memory
        self._pids = pids
        self._limits: tuple[int, int] | None = None
        self._hard_bytes = 0
        self._seen = 0, 0
        self._base_bytes = 0
        name = "memory.current" if version == "v2" else "memory.usage_in_bytes"
        self._usage = os.open(memory / name, os.O_RDONLY | os.O_CLOEXEC)

    @classmethod
    def create(cls) -> Cgroup | None:
        """A group below this process's own; None where that is not possible."""
        homes = _homes()
        memory = homes.get("memory")
        if memory is None:
            return None
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        made: list[Path] = []
        try:
            for home in dict.fromkeys(homes.values()):
                _sweep(home)
                (home / name).mkdir()
                made.append(home / name)
            version = "v2" if (memory / name / "memory.max").exists() else "v1"
            return cls(version, memory / name, homes["pids"] / name if "pids" in homes else None)
        except OSError:
            for path in made:
                path.rmdir()
            return None

    def admit(self, pid: int) -> None:
        """Move a process in; its future children are born in the group."""
        for path in {self._memory, self._pids} - {None}:
            assert path is not None
            (path / "cgroup.procs").write_text(str(pid))

    def limit(self, memory_bytes: int, threads: int) -> None:
        """Set the limits for the next child, and begin to count for it."""
        if self._limits != (memory_bytes, threads):
            self._set(memory_bytes + SLACK_BYTES, threads)
            self._limits = memory_bytes, threads
        if self.version == "v1":
            _write(self._memory / "memory.max_usage_in_bytes", "0")
        self._seen = self._counts()
        self._base_bytes = self._used() - self._cached()

    def charged(self, resident_bytes: int) -> int:
        """Bytes that the group is charged for since `limit`, without the page cache and UNSEEN_BYTES.

        What is no process's resident memory is in there, such as data in the buffers of sockets. Costs one read
        unless that is more than `resident_bytes`.
        """
        own = self._used() - self._base_bytes - UNSEEN_BYTES
        return max(0, own - self._cached()) if own > resident_bytes else 0

    def _used(self) -> int:
        return int(os.pread(self._usage, 32, 0))

    def _cached(self) -> int:
        words = _words(self._memory / "memory.stat")
        return _number_after("file" if self.version == "v2" else "cache", words)

    def _set(self, hard_bytes: int, threads: int) -> None:
        self._hard_bytes = hard_bytes
        hard = str(hard_bytes)
        if self.version == "v2":
            _write(self._memory / "memory.max", hard)
            _write(self._memory / "memory.swap.max", "0")  # else the limit leaks into swap
        else:
            # memsw may never be below the limit: raising needs it first, lowering last
            for name in ("memsw.limit_in_bytes", "limit_in_bytes", "memsw.limit_in_bytes"):
                _write(self._memory / f"memory.{name}", hard)
        if self._pids is not None:
            _write(self._pids / "pids.max", str(threads + 3))  # two zygotes, and the child's main thread

    def oom_killed(self) -> bool:
        """Whether this group's own limit has cost the child of the last `limit` its life."""
        killed, own = self._changes()
        return killed and own

    def host_killed(self) -> bool:
        """Whether lack of memory elsewhere has: of the host's, or of a group around this one, such as a container's."""
        killed, own = self._changes()
        return killed and not own

    def _changes(self) -> tuple[bool, bool]:
        """Since the last `limit`: whether the kernel killed in this group, and whether its own limit was reached."""
        kills, hits = self._counts()
        return kills > self._seen[0], hits > self._seen[1]

    def _counts(self) -> tuple[int, int]:
        """Processes of this group killed for memory, whoever lacked it, and a number that its own limit raises."""
        if self.version == "v2":
            events = _words(self._memory / "memory.events")
            return _number_after("oom_kill", events), _number_after("oom", events)
        # Not memory.failcnt, which stays 0 on some kernels
        kills = _number_after("oom_kill", _words(self._memory / "memory.oom_control"))
        used = _words(self._memory / "memory.max_usage_in_bytes")
        return kills, int(bool(used) and int(used[0]) >= self._hard_bytes - _BATCH_BYTES)

    def remove(self) -> None:
        """Remove the group once its last process is reaped; idempotent."""
        if self._usage >= 0:
            os.close(self._usage)
            self._usage = -1
        for path in {self._memory, self._pids} - {None}:
            assert path is not None
            for _ in range(_REMOVE_TRIES):
                try:
                    path.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    threading.Event().wait(_REMOVE_WAIT_S)  # a killed child is still on its way out
                else:
                    break


def own_oom_kills() -> int | None:
    """Processes of this process's own group that were killed for memory; None where no group counts them.

    Reading needs no right: a container's group counts its own, whatever happens elsewhere on the host.
    """
    mounts = dict(_mounted())
    for controllers, path in _memberships():
        version2 = not controllers
        if not version2 and "memory" not in controllers.split(","):
            continue
        home = _below(mounts.get("v2" if version2 else "memory"), path)
        words = _words(home / ("memory.events" if version2 else "memory.oom_control")) if home is not None else []
        if "oom_kill" in words:
            return int(words[words.index("oom_kill") + 1])
    return None


def own_group(controller: str) -> Path | None:
    """The directory of this process's group for a controller, be it writable or not; None where none is seen."""
    mounts = dict(_mounted())
    found = None
    for controllers, path in _memberships():
        if controller in controllers.split(","):
            return _below(mounts.get(controller), path)
        if not controllers:  # version 2
            found = _below(mounts.get("v2"), path)
    return found


def task_room() -> int | None:
    """How many more processes and threads the kernel and every group around this process allow; None: it is not known.

    For lack of these a program gets EAGAIN below its own limit. Measured from outside, after it has ended: what a
    program says of its failure proves nothing, and all that it had started is gone then.
    """
    rooms = [*_kernel_task_room(), *_groups_task_room()]
    return min(rooms) if rooms else None


def _kernel_task_room() -> list[int]:
    try:
        running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
        limits = [int(Path(f"/proc/sys/kernel/{name}").read_text()) for name in ("threads-max", "pid_max")]
    except (OSError, ValueError, IndexError):
        return []
    return [limit - running for limit in limits]


def _groups_task_room() -> list[int]:
    rooms = []
    group = own_group("pids")
    while group is not None and (group / "pids.current").exists():
        most, used = (_words(group / f"pids.{name}") for name in ("max", "current"))
        if most and used and most != ["max"]:
            rooms.append(int(most[0]) - int(used[0]))
        group = group.parent
    return rooms


def _memberships() -> list[tuple[str, str]]:
    """(controllers, path) of each hierarchy that this process is in."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [(controllers, path) for _, controllers, path in (line.split(":", 2) for line in lines)]


def _write(path: Path, value: str) -> None:
    with contextlib.suppress(OSError):  # no such knob, or in use above the value: the supervisor's limits hold
        path.write_text(value)


def _homes() -> dict[str, Path]:
    """This process's own directory per usable controller."""
    mounts = dict(_mounted())
    found: dict[str, Path] = {}
    for controllers, path in _memberships():
        if not controllers:  # version 2
            home = _below(mounts.get("v2"), path)
            if home is not None and "memory" in _words(home / "cgroup.subtree_control"):
                found.setdefault("memory", home)
                found.setdefault("pids", home)
        for controller in controllers.split(","):
            home = _below(mounts.get(controller), path)
            if controller in ("memory", "pids") and home is not None:
                found[controller] = home
    return found


def _mounted() -> Iterator[tuple[str, tuple[Path, str]]]:
    """(controller or "v2", (mount point, root within the hierarchy))."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        root, point = left.split()[3:5]
        if kind == "cgroup2":
            yield "v2", (Path(point), root)
        elif kind == "cgroup":
            for option in options.split(","):
                yield option, (Path(point), root)


def _below(mount: tuple[Path, str] | None, path: str) -> Path | None:
    if mount is None:
        return None
    point, root = mount
    inner = path.removeprefix(root.rstrip("/")) if path.startswith(root) else path
    home = point / inner.lstrip("/")
    return home if home.is_dir() else None


def _number_after(name: str, words: list[str]) -> int:
    """The value of `name` in a file of names and numbers; 0 if it is not there."""
    return int(words[words.index(name) + 1]) if name in words else 0


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _sweep(home: Path) -> None:
    """Remove empty groups whose owner is gone (killed before it could)."""
    for path in home.glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                path.rmdir()
