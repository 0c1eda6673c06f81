"""Processes that farm starts end with it, and are never mistaken for others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from farm.embedded import sweep
from farm.processes import ProcessName, end, name_of, start
from tests.support.wait import wait_until

SLEEP = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()",
]


def test_a_name_outlives_no_process() -> None:
    process = start(SLEEP, log=subprocess.DEVNULL)
    name = name_of(process.pid)
    assert name.alive
    assert not ProcessName(process.pid, "1").alive, "another process of the same pid was taken for it"
    end([process], grace_s=5)
    assert not name.alive


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as sink:
        process = start(STUBBORN, log=sink)
    wait_until(lambda: log.read_bytes() == b"1\n", "the process ignores SIGTERM")
    end([process], grace_s=0.05)
    assert process.returncode == -signal.SIGKILL


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; from farm.processes import start;"
        f"p = start({SLEEP!r}, log=subprocess.DEVNULL); print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None and parent.stdin is not None
    child = name_of(int(parent.stdout.readline()))
    assert child.alive
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    wait_until(lambda: not child.alive, "the child died with its parent")


def test_a_sweep_removes_the_folder_of_a_dead_owner_and_keeps_a_living_one(tmp_path: Path) -> None:
    left = start(SLEEP, log=subprocess.DEVNULL)
    dead, living = tmp_path / "stack-dead", tmp_path / "stack-living"
    for folder in dead, living:
        folder.mkdir()
    mine = name_of(os.getpid())
    other = name_of(left.pid)
    (dead / "processes.json").write_text(f'[[{mine.pid}, "1"], [{other.pid}, "{other.start}"]]')
    (living / "processes.json").write_text(f'[[{mine.pid}, "{mine.start}"]]')
    assert sweep(tmp_path) == [dead]
    assert left.wait(timeout=10) == -signal.SIGKILL
    assert living.is_dir() and not dead.exists()
