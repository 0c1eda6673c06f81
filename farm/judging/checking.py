"""Asks a problem's checker about an answer, in a process of this worker with bounds of time and memory.

A checker is trusted code that reads a hostile answer. Should one loop or eat memory, its process is ended and the
sample stays unjudged; the worker goes on. The process is started when the first answer is to be checked and kept.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import time
from pathlib import Path

import farm
from farm import text
from farm.errors import CheckerFailed
from farm.processes import die_with_parent

CPU_S = 60  # for one answer; the slowest built-in checker takes two on its largest input
WALL_S = 600.0  # for one answer: on a busy host CPU time is what a checker is held by
MEMORY_BYTES = 2 << 30  # address space of the process
LENGTH_BYTES = 8  # of a part of a question
_MOST_ANSWER_BYTES = 4096
# Of the worker's environment, which may hold secrets, nothing; modules are found where the worker finds them
_BOOT = "import sys; sys.path[:] = {path!r}; from farm.judging.checker_process import main; main({cpu_s}, {memory})"
_ENVIRONMENT = {"PYTHONHASHSEED": "0"}


class CheckerProcess:
    """One process that calls checkers. Not thread-safe: a slot has one."""

    def __init__(self, *, cpu_s: int = CPU_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._cpu_s, self._memory_bytes = cpu_s, memory_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def wrong(self, checker: str, given: str, expected: str, actual: str) -> str | None:
        """Why the answer is wrong; None if it is right. CheckerFailed if the checker raises or passes a bound."""
        parts = [text.encode(part) for part in (checker, given, expected, actual)]
        process = self._running()
        try:
            assert process.stdin is not None
            for part in parts:
                process.stdin.write(len(part).to_bytes(LENGTH_BYTES, "big"))
            for part in parts:
                process.stdin.write(part)
            process.stdin.flush()
            line = self._line(process)
        except BrokenPipeError:
            line = b""
        except BaseException:
            self.close()  # what it says next would answer another question
            raise
        if not line.endswith(b"\n"):
            self.close()
            raise CheckerFailed(f"checker {checker} died, perhaps of its limits: {self._cpu_s} s of CPU")
        said: dict[str, str] = json.loads(line)
        if "fault" in said:
            raise CheckerFailed(f"checker {checker} failed: {said['fault']}")
        return said.get("wrong")

    def close(self) -> None:
        """End the process; idempotent, and the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):  # of what was not yet written
                        stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it ended between two questions: by its parent thread's end, or by the host
        if self._process is None:
            here = str(Path(farm.__file__).resolve().parents[1])
            path = [here, *(folder for folder in sys.path if Path(folder).is_absolute())]
            boot = _BOOT.format(path=path, cpu_s=self._cpu_s, memory=self._memory_bytes)
            self._process = subprocess.Popen(
                [sys.executable, "-c", boot],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                preexec_fn=die_with_parent,  # one prctl: takes no lock
            )
        return self._process

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """The answer's line; what there is of it when the process ends or time is up."""
        assert process.stdout is not None
        deadline = time.monotonic() + WALL_S
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n") and len(line) < _MOST_ANSWER_BYTES:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    break
                piece = process.stdout.read1(_MOST_ANSWER_BYTES)  # type: ignore[attr-defined]
                if not piece:
                    break
                line += piece
        return line
