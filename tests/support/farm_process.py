"""farm as its users run it: processes of the installed command line, each with its own home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.data import ROOT
from tests.support.wait import wait_until

# What a developer's shell may hold and a test must not see.
FOREIGN = ("FARM_", "VLLM_API_KEY", "JWT_SECRET", "API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "SERVICE_PORT", "DEPLOY_URL")

runtimes: list[Path] = []  # that tests have made; tests/conftest.py removes them


def environment(home: Path, **extra: str) -> dict[str, str]:
    """This process's environment without what would change farm's ways."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "FARM_HOME": str(home), "XDG_RUNTIME_DIR": str(_runtime(home)), "PYTHONPATH": str(ROOT), **extra}


def _runtime(home: Path) -> Path:
    """Where `home / "run"` leads: a folder whose path leaves room for a socket's, which the folders of tests do not."""
    link = home / "run"
    if not link.is_symlink():
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="farm-run-"))
        runtimes.append(folder)
        link.symlink_to(folder)
    return link.readlink()


class FarmProcess:
    """One `farm ...` process with its output in files."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str],
        log: Path,
        python: str = sys.executable,
        prefix: Sequence[str] = (),
    ) -> None:
        """`prefix`: the command that starts it, such as `ip netns exec NAME`."""
        self.log = log
        self._out = log.with_suffix(".out")
        with self._out.open("wb") as out, log.open("wb") as err:
            self.process = subprocess.Popen(
                [*prefix, python, "-P", "-m", "farm", *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        return self.log.read_text()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def peak_bytes(self) -> int:
        """The most memory that the process has had resident so far; without its children."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10

    def wait(self, timeout_s: float = 100.0) -> int:
        """The exit code; what it said goes into the failure if it does not end."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"farm did not end in {timeout_s} s:\n{self.stderr[-4000:]}") from None

    def ok(self, timeout_s: float = 100.0) -> FarmProcess:
        """Wait for exit code 0."""
        code = self.wait(timeout_s)
        assert code == 0, f"exit code {code}:\n{self.stderr[-4000:]}"
        return self

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """kill -9."""
        if self.running:
            self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as an operator would, and as an impatient one if that takes too long."""
        if self.running:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def says(self, text: str, timeout_s: float = 60.0) -> None:
        """Wait until it has written `text` to stderr."""

        def probe() -> bool:
            assert self.running or text in self.stderr, f"it ended without saying {text!r}:\n{self.stderr[-4000:]}"
            return text in self.stderr

        wait_until(probe, f"farm says {text!r}", timeout_s=timeout_s)


def report_of(directory: Path) -> dict[str, Any]:
    """The report.json of a run's folder."""
    loaded: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return loaded


def samples_of(directory: Path) -> list[dict[str, Any]]:
    """The rows of samples.jsonl."""
    return [json.loads(line) for line in (directory / "samples.jsonl").read_text().splitlines()]


def farm_processes(home: Path) -> list[int]:
    """Living processes that were started with this home, workers and zygotes' parents included."""
    found = []
    marker, runtime = f"FARM_HOME={home}".encode(), (home / "run").resolve()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            place = (entry / "cwd").readlink()
            inside = place.is_relative_to(home) or place.is_relative_to(runtime)  # a broker writes over its environment
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if (marker in variables or inside) and state != "Z":
            found.append(int(entry.name))
    return found
