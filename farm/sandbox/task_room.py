"""How many processes and threads this host can still start: what a program gets EAGAIN for below its own limit.

Measured from outside, after a program has ended: what a program says of its failure proves nothing, and all that it
had started is gone then.
"""

from __future__ import annotations

from pathlib import Path

from farm.sandbox.cgroup import own_group


def task_room() -> int | None:
    """How many more the kernel and every group around this process allow; None where nothing is known of a limit."""
    rooms = [*_kernel(), *_groups()]
    return min(rooms) if rooms else None


def _kernel() -> list[int]:
    try:
        running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
        limits = [int(Path(f"/proc/sys/kernel/{name}").read_text()) for name in ("threads-max", "pid_max")]
    except (OSError, ValueError, IndexError):
        return []
    return [limit - running for limit in limits]


def _groups() -> list[int]:
    rooms = []
    group = own_group("pids")
    while group is not None and (group / "pids.current").exists():
        try:
            most, used = ((group / f"pids.{name}").read_text().strip() for name in ("max", "current"))
        except OSError:
            break
        if most != "max":
            rooms.append(int(most) - int(used))
        group = group.parent
    return rooms
