"""Whose memory it was, when the kernel kills: the program's own, another slot's, or the host's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.judging.verdict import decide
from farm.records import Verdict
from farm.sandbox import plan
from farm.sandbox.cgroup import SLACK_BYTES
from farm.sandbox.runner import RunRequest
from farm.sandbox.slot import Slot
from tests.faults.sandbox.programs import BOMBS, KILLS_ITSELF, POPULATE, ROOMY, Program
from tests.faults.sandbox.slots import slots, table, tally, wrong
from tests.faults.sandbox.tiers import opened, python_for
from tests.hostile.program import read_program
from tests.support.data import ROOT
from tests.support.sandbox import available_tiers

pytestmark = [pytest.mark.fault]

BOMB = Program("bomb", Verdict.MEMORY_LIMIT, POPULATE, limits=ROOMY)
OWN_KILL = Program("kills itself", Verdict.RUNTIME_ERROR, KILLS_ITSELF, limits=ROOMY)
IN_A_SMALL_CONTAINER = """
import os, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
from farm.errors import SandboxLost
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.judging.open import open_sandbox
SUITE = Suite(func_name=None, tests=(TestCase(input="", output="1"),))
with open_sandbox(tier=sys.argv[2], preload=()) as sandbox:
    for mode in ("judge", "lcb"):
        try:
            seen = sandbox.evaluate("block = b'x' * (400 << 20)\\nprint(1)", SUITE, JudgeSpec(mode=mode), Limits())
            print(seen.verdict, seen.detail)
        except SandboxLost as lost:
            print("lost:", lost)
"""


@contextmanager
def bombs(tier: str) -> Iterator[None]:
    """Meanwhile another slot's programs are killed by the kernel, one after the other."""
    stop, failed = threading.Event(), []

    def run() -> None:
        with opened(tier) as sandbox:
            while not stop.is_set():
                seen = sandbox.evaluate(BOMB.source, BOMB.suite, BOMB.judge, BOMB.limits)
                if seen.verdict is not BOMB.verdict:
                    failed.append(seen)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failed == []


@pytest.fixture
def kernel_first(monkeypatch: pytest.MonkeyPatch) -> str:
    """A tier whose supervisor looks so rarely, as if it got no CPU, that the slot's cgroup ends what uses too much."""
    monkeypatch.setattr("farm.sandbox.supervisor.SAMPLE_S", 5.0)
    tier = available_tiers()[0]
    with opened(tier) as sandbox:
        if not any(name.startswith("cgroup-v") for name in sandbox.info.protections):
            pytest.skip("no cgroup for a slot can be made here")
    return tier


def test_a_kill_for_the_programs_own_memory(kernel_first: str) -> None:
    with slots(kernel_first, 1) as own:
        ran = own.run([program for program in BOMBS for _ in range(2)])
    print(table(tally(ran)))
    assert wrong(ran) == []


@contextmanager
def slot_of(tier: str) -> Iterator[tuple[Slot, Path]]:
    """A slot, and its own group of the memory hierarchy. Skips where that is not of version 1, which keeps a peak."""
    slot = Slot(plan.make(plan.candidates(tier)[0], python_for(tier), ()))
    try:
        groups = Path(f"/proc/{slot.zygote(whole=False).facts['pid']}/cgroup").read_text().splitlines()
        [path] = [path for _, kinds, path in (line.split(":", 2) for line in groups) if kinds == "memory"] or [""]
        if not path:
            pytest.skip("needs a memory hierarchy of version 1")
        yield slot, Path(f"/sys/fs/cgroup/memory{path}")
    finally:
        slot.close()


def counted(group: Path, name: str) -> int:
    return int((group / f"memory.{name}").read_text())


def test_in_a_full_group_the_child_dies_and_its_zygote_lives(kernel_first: str) -> None:
    limits = ROOMY.model_copy(update={"memory_bytes": 64 << 20})
    request = RunRequest("judge", POPULATE.encode(), limits, limits.cpu_s, 8 << 20, 1 << 20)
    with slot_of(kernel_first) as (slot, group):
        zygote = slot.zygote(whole=False)
        for _ in range(5):
            seen = slot.observe(request)
            assert counted(group, "max_usage_in_bytes") > limits.memory_bytes + SLACK_BYTES - (4 << 20), "it was full"
            assert (decide(seen, limits, functional=False).verdict, seen.suspect) == (Verdict.MEMORY_LIMIT, "")
            assert slot.zygote(whole=False) is zygote and not zygote.ended


def test_what_64_threads_put_in_sockets_is_bounded_as_it_is_charged() -> None:
    """Data in sockets is no resident memory: the group's peak says what they held."""
    tier = available_tiers()[0]
    program = read_program(ROOT / "tests/hostile/programs/19_buffers_of_many_threads.py")
    limits = ROOMY.model_copy(update={"memory_bytes": 1 << 30})
    idle = RunRequest("judge", b"print(1)", limits, 10.0, 8 << 20, 1 << 20)
    fill = RunRequest("judge", program.source.encode(), limits, 10.0, 8 << 20, 1 << 20)
    with slot_of(tier) as (slot, group):
        assert slot.observe(idle).exit_code == 0
        before = counted(group, "max_usage_in_bytes")
        seen = slot.observe(fill)
        charged = counted(group, "max_usage_in_bytes") - before
    print(f"charged {charged >> 20} MiB more than an idle program, resident peak {seen.peak_bytes >> 20} MiB")
    assert seen.stdout == b"bounded\n"
    assert 4 << 20 < charged < seen.peak_bytes + (64 << 20)


def test_a_bomb_in_another_slot_changes_no_verdict(kernel_first: str) -> None:
    """The host's count of kills rises then, and a program that kills itself looks like one that the host killed."""
    with bombs(kernel_first), slots(kernel_first, 1) as own:
        ran = own.run([OWN_KILL] * 20)
    print(table(tally(ran)))
    assert wrong(ran) == []


@pytest.fixture
def container() -> Iterator[Path]:
    """A cgroup of 250 MiB in which a worker can make its slots' own, as a container's may be."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        home = Path(f"/sys/fs/cgroup/memory{path}")
        if "memory" in controllers.split(",") and os.access(home, os.W_OK):
            break
    else:
        pytest.skip("needs a writable memory hierarchy of version 1: in version 2 no process may be where groups are")
    made = home / f"farm-test-{os.getpid()}"
    made.mkdir()
    try:
        (made / "memory.limit_in_bytes").write_text(str(250 << 20))
        yield made
    finally:
        made.rmdir()


def test_the_hosts_lack_of_memory_is_no_verdict(container: Path) -> None:
    """The container is smaller than what its programs may use together: that is the farm's trouble, not a program's."""
    command = [sys.executable, "-c", IN_A_SMALL_CONTAINER, str(container), available_tiers()[0]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert all(line.startswith("lost:") and "out of memory" in line for line in said), done.stdout
