"""How processes are ended: those that work finish, those that only say good-bye are not waited for."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from farm.processes import end, start
from tests.support.wait import wait_until

# Told to stop, it tells its child so, waits for its end, and then takes its time
POOL = """
import pathlib, signal, subprocess, sys, threading
folder = pathlib.Path(sys.argv[1])

def stop(*_):
    (folder / "told").touch()
    child.wait()
    threading.Event().wait(2)
    (folder / "said good-bye").touch()
    sys.exit()

signal.signal(signal.SIGTERM, stop)
child = subprocess.Popen([sys.executable, "-c", sys.argv[2], str(folder)])
while True:
    signal.pause()
"""
CHILD = """
import pathlib, signal, sys, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
folder = pathlib.Path(sys.argv[1])
(folder / "ready").touch()
while not (folder / "told").exists():
    threading.Event().wait(0.01)
(folder / "finished").touch()
"""


def pool(folder: Path) -> subprocess.Popen[bytes]:
    process = start([sys.executable, "-c", POOL, str(folder), CHILD], log=subprocess.DEVNULL)
    wait_until((folder / "ready").exists, "its child works")
    return process


def test_a_pool_ends_with_its_children(tmp_path: Path) -> None:
    process = pool(tmp_path)
    end([process], grace_s=60, pools=[process])
    assert (tmp_path / "finished").exists()
    assert not (tmp_path / "said good-bye").exists()
    assert process.returncode == -signal.SIGKILL


def test_what_is_no_pool_has_its_time(tmp_path: Path) -> None:
    (tmp_path / "told").touch()  # its child ends at once
    process = pool(tmp_path)
    end([process], grace_s=60)
    assert (tmp_path / "said good-bye").exists()
    assert process.returncode == 0


def test_time_is_limited(tmp_path: Path) -> None:
    process = pool(tmp_path)
    end([process], grace_s=0.0, pools=[process])
    assert process.returncode == -signal.SIGKILL
