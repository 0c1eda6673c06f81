"""A Session without a sandbox: the harness of mode `lcb` in a plain process, for the tests' own programs.

What is tested with it is judging. The same programs go through the real sandbox in tests/integration.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import farm.sandbox
from farm.judging.lcb import judge_lcb
from farm.records import JudgeSpec, Limits, Suite, TestCase
from farm.sandbox.api import Ended, Evaluation, Observation
from farm.text import encode

_NONCE = bytes(16)
_CAP = 64 << 20
_CHILD = """
import os, sys
sys.path.insert(0, {package!r})
if {numpy}:
    import numpy  # before the harness takes functions of `os` away, as in the zygote
from inside import header
from inside.modes import lcb
from inside.channel import Channel
header.prepare()
lcb.rehearse()
channel = Channel({result}, {inputs}, bytes(16), {cap})
text = channel.recv().decode("utf-8", "surrogatepass")
lcb.run(text, {func_name!r}, {variant!r}, channel, lambda: None)
os._exit(0)
"""


class PipeSession:
    """One child process, two pipes, the framing of `inside/channel.py`."""

    def __init__(self, source: str, func_name: str | None, variant: str) -> None:
        self._frames, result = os.pipe()
        inputs, self._inputs = os.pipe()
        script = _CHILD.format(
            package=str(Path(next(iter(farm.sandbox.__path__)))),
            result=result,
            inputs=inputs,
            cap=_CAP,
            func_name=func_name,
            variant=variant,
            numpy="numpy" in source,
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(result, inputs),
            env={"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, 8 << 20)),
        )
        os.close(result)
        os.close(inputs)
        self._limit: Ended | None = None
        self.clock_s = self.starved_s = 0.0  # nothing is timed but the exchange that goes on
        self._write(encode(source))

    def _write(self, payload: bytes) -> None:
        data = memoryview(len(payload).to_bytes(4, "big") + payload)
        try:
            while data:
                data = data[os.write(self._inputs, data) :]
        except BrokenPipeError:
            pass  # the child has ended; no frame will come, and `finish` says how

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        if payload is not None:
            self._write(payload)
        now = time.monotonic()
        deadline, alarm = now + clock_s, now + (clock_s if alarm_s is None else alarm_s)
        if not select.select([self._frames], [], [], max(0.0, min(alarm, deadline) - now))[0]:
            self._process.send_signal(signal.SIGALRM)
        head = self._exactly(20, deadline)
        body = None if head is None else self._exactly(int.from_bytes(head[16:], "big"), deadline)
        if body is None:
            self._process.kill()
            return None
        frame = json.loads(body)
        return frame if isinstance(frame, dict) else None

    def _exactly(self, size: int, deadline: float) -> bytes | None:
        got = bytearray()
        while len(got) < size:
            ready, _, _ = select.select([self._frames], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self._limit = "wall"
                return None
            part = os.read(self._frames, min(size - len(got), 1 << 20))
            if not part:
                return None
            got += part
        return bytes(got)

    def finish(self) -> Observation:
        cpu_s = self.cpu_s
        os.close(self._inputs)
        os.close(self._frames)
        # A child that has sent its last frame waits for an input, or is at its end.
        if self._limit is not None:
            self._process.kill()
        try:
            code = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # a thread of the program
            self._process.kill()
            code = self._process.wait()
        return Observation(
            locked=True,
            loaded=True,
            syntax_error=None,
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            limit=self._limit,
            stdout=b"",
            stdout_bytes=0,
            stdout_truncated=False,
            stderr=b"",
            frame=None,
            cpu_s=cpu_s,
            wall_s=0.0,
            peak_bytes=0,
        )

    @property
    def cpu_s(self) -> float:
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judged(
    source: str,
    tests: list[tuple[str, str]],
    func_name: str | None = None,
    *,
    variant: str = "official",
    stop: str = "first_failure",
    seconds: float = 6,
) -> Evaluation:
    """Judge one program on (input, expected output) pairs in mode `lcb`."""
    suite = Suite(func_name=func_name, tests=tuple(TestCase(input=i, output=o) for i, o in tests))
    judge = JudgeSpec.model_validate({"mode": "lcb", "variant": variant, "stop": stop})
    return judge_lcb(PipeSession(source, func_name, variant), suite, judge, Limits(cpu_s=seconds))
