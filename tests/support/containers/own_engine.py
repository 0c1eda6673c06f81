"""A Docker daemon of a test's own, which it may kill: other tests use the host's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.processes import start
from tests.support.containers.docker_engine import base_image, missing
from tests.support.wait import wait_until


class OwnEngine:
    """One daemon over its own store, in its own network namespace: one without a bridge takes down `docker0`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host = f"unix://{folder}/s"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        at = self._folder
        with (at / "log").open("ab") as log:
            self._process = start(
                ["unshare", "--net", "dockerd",
                 "--host", self.host, "--data-root", f"{at}/data", "--exec-root", f"{at}/exec",
                 "--pidfile", f"{at}/pid", "--bridge", "none", "--iptables=false", "--ip6tables=false"],
                log=log,
            )  # fmt: skip

        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (at / "log").read_text()[-2000:]
            return self.docker("version", check=False).returncode == 0

        wait_until(answers, "the engine answers")

    def load(self, image: str) -> None:
        """Copy an image of the host's engine."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "--host", self.host, "load", "--quiet"], stdin=saved.stdout, check=True)

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The docker command on this engine."""
        command = ["docker", "--host", self.host, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=60)

    def stop(self) -> None:
        """End it as an operator does: its containers end with it."""
        self._end(signal.SIGTERM)

    def crash(self) -> None:
        """Kill it and its containers at once, as a host that loses power."""
        running = self.docker("ps", "--quiet", "--no-trunc").stdout.split()
        shown = self.docker("inspect", "--format", "{{.State.Pid}}", *running, check=False).stdout.split()
        self._end(signal.SIGKILL)
        for pid in [*map(int, shown), *self._helpers()]:
            with suppress(ProcessLookupError):  # it had ended with its owner
                os.kill(pid, signal.SIGKILL)
        self._unmount()
        shutil.rmtree(self._folder / "exec")  # of a kind that a host forgets

    def _unmount(self) -> None:
        """Take down the mounts that a killed daemon leaves."""
        places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed([place for place in places if place.startswith(f"{self._folder}/")]):
            subprocess.run(["umount", "--lazy", place], check=True)

    def _helpers(self) -> list[int]:
        """containerd and its shims, which outlive a daemon that is killed."""
        found, mark = [], str(self._folder).encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found

    def clear(self) -> None:
        """Remove all that it has put on the disk."""
        self._unmount()
        shutil.rmtree(self._folder)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None


@contextmanager
def own_engine(image: str) -> Iterator[OwnEngine]:
    """A running daemon that has `image`. Skips where none can be started; fails there in CI."""
    base_image()
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        missing("no dockerd that this user can start")
    folder = Path(tempfile.mkdtemp(prefix="farm-engine-"))  # short: a socket's path has 107 bytes
    engine = OwnEngine(folder)
    try:
        engine.start()
        engine.load(image)
        yield engine
        for name in engine.docker("ps", "--all", "--quiet", check=False).stdout.split():
            engine.docker("rm", "--force", name, check=False)
    finally:
        try:
            engine.stop()
        finally:
            engine.clear()
