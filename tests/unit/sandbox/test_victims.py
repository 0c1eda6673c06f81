"""Who is ended when memory is short, and whose fault it is then."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from farm.errors import SandboxBroken, SandboxLost
from farm.records import Limits
from farm.sandbox import plan
from farm.sandbox.child_inputs import Descriptors
from farm.sandbox.runner import RunRequest
from farm.sandbox.slot import Slot
from farm.sandbox.supervisor import Caps, Child, Exit
from tests.support.wait import wait_until

LIMITS = Limits(memory_bytes=64 << 20)


class DeadZygote:
    """The reaper of a child whose zygote has died; `full`: in a cgroup that was full."""

    baseline_bytes = 0

    def __init__(self, full: bool, host: str) -> None:
        self.full, self.host = full, host
        self.channel, theirs = socket.socketpair()
        theirs.close()

    @property
    def channel_fd(self) -> int:
        return self.channel.fileno()

    def reap(self, timeout_s: float) -> Exit:
        raise SandboxLost("the zygote is gone")

    def memory_killed(self) -> bool:
        return self.full

    def charged_bytes(self, resident_bytes: int) -> int:
        return 0

    def blames_host(self, peak_bytes: int) -> str:
        assert peak_bytes >= LIMITS.memory_bytes, "the zygote may be what the kernel took"
        return self.host


@contextmanager
def orphan(
    *, full: bool = False, host: str = "", marks: bytes = b"RC"
) -> Iterator[tuple[Child, subprocess.Popen[bytes]]]:
    """A child that sleeps, and whose zygote has died. `host`: why the host is to blame; `marks`: what it said."""
    fds, reaper = Descriptors(), DeadZygote(full, host)
    fds.pipe_out("status")
    os.write(fds.given["status"], marks)
    with subprocess.Popen(["sleep", "600"]) as process:
        caps = Caps.of(LIMITS, cpu_s=5.0, stdout=1 << 20)
        child = Child(reaper, process.pid, os.pidfd_open(process.pid), fds, caps, bytes(16))
        try:
            yield child, process
        finally:
            child.close()
            reaper.channel.close()
            process.kill()


def test_a_zygote_that_died_in_a_full_group_is_a_memory_limit() -> None:
    with orphan(full=True) as (child, process):
        child.pump(60.0)
        seen = child.finish(frame=False)
        assert (seen.limit, seen.locked, seen.suspect) == ("memory", True, "")
        assert process.wait() == -signal.SIGKILL


def test_a_zygote_that_died_otherwise_while_the_program_ran_is_broken() -> None:
    with orphan() as (child, _), pytest.raises(SandboxBroken, match="zygote died"):
        child.pump(60.0)


def test_a_zygote_that_died_with_its_child_is_broken_whatever_is_seen_first() -> None:
    with orphan() as (child, process):
        process.kill()
        process.wait()
        with pytest.raises(SandboxBroken, match="zygote died"):
            child.pump(60.0)
            child.finish(frame=False)


@pytest.mark.parametrize("fault", [{"host": "the host is out of memory"}, {"marks": b""}], ids=["memory", "not begun"])
def test_a_zygote_that_died_by_the_host_or_before_the_program_ran_is_lost(fault: dict[str, Any]) -> None:
    with orphan(**fault) as (child, _), pytest.raises(SandboxLost) as lost:
        child.pump(60.0)
    assert not isinstance(lost.value, SandboxBroken)


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_the_kernel_ends_a_child_before_its_zygote() -> None:
    request = RunRequest("judge", b"import time\ntime.sleep(600)", LIMITS, 5.0, 8 << 20, 1 << 20)
    slot = Slot(plan.make(plan.candidates("auto")[0], None, ()))
    try:
        zygote = slot.zygote(whole=False)
        with slot.session(request):
            [child] = wait_until(lambda: children_of(int(zygote.facts["pid"])), "a child")
            score = Path(f"/proc/{child}/oom_score_adj").read_text()
            own = Path(f"/proc/{zygote.facts['pid']}/oom_score_adj").read_text()
        assert (score.strip(), own) == ("1000", Path("/proc/self/oom_score_adj").read_text())
    finally:
        slot.close()


def test_an_ended_zygote_serves_no_other_program() -> None:
    slot = Slot(plan.make(plan.candidates("auto")[0], None, ()))
    request = RunRequest("judge", b"print(1)", LIMITS, 5.0, 8 << 20, 1 << 20)
    try:
        first = slot.zygote(whole=False)
        os.kill(int(first.facts["pid"]), signal.SIGKILL)
        select.select([first.channel_fd], [], [], 30)
        with pytest.raises(SandboxLost):
            slot.observe(request)
        slot.discard()
        assert slot.observe(request).exit_code == 0
    finally:
        slot.close()


def test_two_pid_namespaces_of_one_host_have_other_uids(monkeypatch: pytest.MonkeyPatch) -> None:
    here = plan.uid_offset(1 << 22)
    assert here == plan.uid_offset(1 << 22)
    monkeypatch.setattr(Path, "readlink", lambda _: Path("pid:[1]"))
    assert plan.uid_offset(1 << 22) != here
