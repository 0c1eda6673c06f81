"""A program that gets no thread below its own limit is not to blame; one that passes its limit is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from farm.sandbox.cgroup import own_group, task_room
from tests.support.data import ROOT
from tests.support.wait import wait_until

THREADS = """
import threading
stop = threading.Event()
threads = [threading.Thread(target=stop.wait, daemon=True) for _ in range({number})]
for thread in threads: thread.start()
stop.set()
print(int(input()) + 1)
"""
IN_A_SMALL_GROUP = """
import os, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
from farm.errors import SandboxLost
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase
SUITE = Suite(func_name=None, tests=(TestCase(input="1", output="2"),))
with open_sandbox(preload=()) as sandbox:
    for mode in ("judge", "lcb"):
        for number in (0, 50, 70):
            with open(sys.argv[1] + "/pids.max", "w") as file:
                file.write(sys.argv[2])
            try:
                seen = sandbox.evaluate(sys.argv[3].format(number=number), SUITE, JudgeSpec(mode=mode), Limits())
                print(mode, number, seen.verdict)
            except SandboxLost as lost:
                print(mode, number, "lost: the host" in f"lost: {lost}")
"""


@pytest.fixture
def group() -> Iterator[Path]:
    home = own_group("pids")
    path = None if home is None else home / f"farm-test-{os.getpid()}"
    try:
        assert path is not None
        path.mkdir()
        (path / "pids.max").write_text("max")
    except (OSError, AssertionError):
        pytest.skip("no group for processes can be made here")
    yield path

    def removed() -> bool:
        with suppress(OSError):
            path.rmdir()
        return not path.exists()

    wait_until(removed, "the group is empty")


@pytest.mark.parametrize(
    ("most", "fifty"), [("40", "True"), ("max", "PASSED")], ids=["a group of 40", "no limit around it"]
)
def test_who_is_to_blame_for_a_thread_that_does_not_start(group: Path, most: str, fifty: str) -> None:
    command = [sys.executable, "-c", IN_A_SMALL_GROUP, str(group), most, THREADS]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    seventy = "True" if most == "40" else "RUNTIME_ERROR"
    wanted = [
        f"{mode} {n} {what}" for mode in ("judge", "lcb") for n, what in ((0, "PASSED"), (50, fifty), (70, seventy))
    ]
    assert done.stdout.splitlines() == wanted, done.stderr


def test_this_host_has_room() -> None:
    room = task_room()
    assert room is None or room > 100
