"""One child seen from the trusted side: its pipes drained, its limits watched, its end recorded.

Nothing here decides a verdict (farm/judging/verdict.py does), opens a path that a program could have
made, or waits for an end of file: a dead process has written all it will write.

Wall limits are held by the program's clock (farm/sandbox/clock.py), which leaves starvation out.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from farm.errors import SandboxBroken, SandboxLost
from farm.sandbox.api import Ended, Observation
from farm.sandbox.child_inputs import Descriptors
from farm.sandbox.clock import STARVED_FOLD, TOO_BUSY, ProgramClock
from farm.sandbox.frames import FrameReader
from farm.sandbox.proc import ProcessView

if TYPE_CHECKING:
    from farm.records import Limits

# Between two looks, on average; the true interval is random (farm/sandbox/clock.py says why). What happens in between
# is caught by rlimits and by wait4's final numbers.
SAMPLE_S = 0.02
SETUP_S = 30.0  # from request to lock-down; beyond it the host is to blame
REAP_S = 30.0  # from kill to the zygote's report
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Caps:
    """What the supervisor enforces for one child. CPU in seconds, the rest in bytes."""

    cpu_s: float
    memory: int
    stdout: int
    stderr: int
    result: int

    @classmethod
    def of(cls, limits: Limits, *, cpu_s: float, stdout: int) -> Caps:
        return cls(cpu_s, limits.memory_bytes, stdout, limits.stderr_bytes, limits.result_bytes)


@dataclass(frozen=True, slots=True)
class Exit:
    """How the zygote reaped a child."""

    status: int
    cpu_s: float
    maxrss_bytes: int


class Reaper(Protocol):
    """What a child's supervisor needs of its zygote."""

    @property
    def channel_fd(self) -> int:
        """Readable when the zygote reports; hangs up when it dies."""
        ...

    @property
    def baseline_bytes(self) -> int:
        """Resident bytes that each child inherits."""
        ...

    def reap(self, timeout_s: float) -> Exit:
        """The report on the child that has ended. Raises SandboxLost if none comes."""
        ...

    def memory_killed(self) -> bool:
        """Whether the slot's cgroup ended a child for its memory since this was last asked."""
        ...

    def charged_bytes(self, resident_bytes: int) -> int:
        """What the slot's cgroup is charged for the child; 0 without one, or if it is no more than that."""
        ...

    def blames_host(self, peak_bytes: int) -> str:
        """Why an unexplained SIGKILL may be the host's doing; empty if the program sent it."""
        ...


class Child:
    """Supervises one run. `pump` until something happens, then `finish`, then `close` in any case."""

    def __init__(self, reaper: Reaper, pid: int, pidfd: int, fds: Descriptors, caps: Caps, nonce: bytes) -> None:
        self._reaper = reaper
        self._pid = pid
        self._pidfd = pidfd
        self._fds = fds
        self._caps = caps
        self._frames = FrameReader(nonce, caps.result)
        self._status = bytearray()
        self._stdout = bytearray()
        self._stdout_bytes = 0
        self._stderr = bytearray()
        self._pending = memoryview(b"")  # input that the child has not taken yet
        self._limit: Ended | None = None
        self._exited = False
        self._orphaned = False  # its zygote has died, so there is no report on it
        self._launched = time.monotonic()
        self._locked_at = 0.0
        self._lap_at = 0.0  # when the clock was last started
        self._ended_at = 0.0
        self._killed_at = 0.0
        self._next_sample = self._launched + SAMPLE_S
        self._view: ProcessView | None = None
        self._hidden = False  # /proc does not show the child
        self._clock = ProgramClock()
        self._alarm_from_s: float | None = None  # of the clock; None: rung, or no alarm is set
        self._peak = 0
        self.cpu_s = 0.0
        self._poller = select.poll()
        self._readers: dict[int, Callable[[bytes], None]] = {}
        takers = {"status": self._take_status, "stdout": self._take_stdout, "stderr": self._take_stderr}
        takers["result"] = self._frames.feed
        for name, fd in fds.kept.items():
            if name in takers:
                self._readers[fd] = takers[name]
                self._poller.register(fd, select.POLLIN)
        self._poller.register(pidfd, select.POLLIN)
        self._poller.register(reaper.channel_fd, 0)  # hang-up is always reported

    # --- waiting --------------------------------------------------------------------------------

    def pump(self, clock_s: float, until: Callable[[], bool] | None = None, *, alarm_s: float | None = None) -> None:
        """Serve the child until it ends, `until` holds, or it has used `clock_s` seconds of its clock since lock-down
        or, if it was locked down before, since this call: then it is killed.

        After `alarm_s` seconds of its clock the child is sent SIGALRM, once. The alarm starts again when the child
        says that it has compiled the program.

        Raises SandboxLost when the zygote dies, the child never reports its lock-down, or the host starves it.
        """
        if self._locked_at:
            self._begun(time.monotonic())
        self._alarm_from_s = None if alarm_s is None else self._clock.used_s
        begun_s = self._clock.used_s
        while not self._exited and not (until is not None and until()):
            now = time.monotonic()
            if self._killed_at:
                wait_s = self._within(self._killed_at + REAP_S, now, f"child {self._pid} does not die")
            elif not self._locked_at:
                late = f"child {self._pid} did not lock itself down within {SETUP_S:.0f} s"
                wait_s = self._within(self._launched + SETUP_S, now, late)
            else:
                wait_s = self._watch(now, begun_s + clock_s, alarm_s)
                if self._lap_at + STARVED_FOLD * clock_s < now:
                    raise SandboxLost(self._starved(now))
            self._serve(wait_s)

    def _begun(self, now: float) -> None:
        """The clock runs from here: a lap."""
        self._clock.start(now)
        self._lap_at = now
        self._next_sample = now + SAMPLE_S

    @staticmethod
    def _within(deadline: float, now: float, otherwise: str) -> float:
        """Seconds until a deadline of our own side. Raises SandboxLost after it."""
        if now >= deadline:
            raise SandboxLost(otherwise)
        return deadline - now

    def _watch(self, now: float, limit_s: float, alarm_s: float | None) -> float:
        """Look at the child if it is time, and hold its limits. Returns the seconds until the next look."""
        if now < self._next_sample:
            return self._next_sample - now
        self.sample()
        used_s = self._clock.used_s
        if used_s >= limit_s:
            self._end("wall")
        elif alarm_s is not None and self._alarm_from_s is not None:
            left_s = self._alarm_from_s + alarm_s - used_s
            if left_s <= 0:
                self._alarm_from_s = None
                self._signal(signal.SIGALRM)
            else:
                limit_s = min(limit_s, used_s + left_s)
        # The clock is never faster than wall time, so no limit is passed before this
        wait_s = min(SAMPLE_S * random.uniform(0.5, 1.5), max(0.0, limit_s - used_s))  # noqa: S311 - not a secret
        self._next_sample = now + wait_s
        return wait_s

    def _starved(self, now: float) -> str:
        had_s, wall_s = self._clock.used_s, now - self._lap_at
        return f"{TOO_BUSY}: in {wall_s:.0f} s the program got {had_s:.1f} s"

    def _serve(self, timeout_s: float) -> None:
        for fd, event in self._poller.poll(max(0.0, timeout_s) * 1000):
            reader = self._readers.get(fd)
            if reader is not None:
                self._drain_once(fd, reader)
            elif fd == self._pidfd:
                self._collect()
                return
            elif fd == self._reaper.channel_fd:
                if event & (select.POLLHUP | select.POLLERR):
                    self._zygote_died()
                    return
            else:
                self._fill(fd)

    def _zygote_died(self) -> None:
        """The child dies with it. If the kernel ended it because the slot's cgroup was full, the program did that.

        Raises SandboxLost for any other death, SandboxBroken if the program ran and the host shows no fault.
        """
        if not self._locked_at:
            raise SandboxLost("the zygote died before the program ran")
        if not self._reaper.memory_killed():
            # The zygote may be what the kernel took, however small the child is
            blamed = self._reaper.blames_host(self._caps.memory)
            raise SandboxLost(blamed) if blamed else SandboxBroken("the zygote died under a run")
        self._limit = "memory"
        self._orphaned = True
        self.kill()
        self._collect()

    def _drain_once(self, fd: int, reader: Callable[[bytes], None]) -> bool:
        """One read; False when there is nothing more to come."""
        try:
            data = os.read(fd, _PIECE)
        except BlockingIOError:
            return False
        if not data:
            self._poller.unregister(fd)
            del self._readers[fd]
            return False
        reader(data)
        self._check_output()
        return True

    def _collect(self) -> None:
        """The process is dead: take what is left in its pipes."""
        self._exited = True
        self._ended_at = time.monotonic()
        if self._locked_at:
            self._look()
        for fd, reader in list(self._readers.items()):
            while self._drain_once(fd, reader):
                pass

    # --- what comes out and goes in -------------------------------------------------------------

    def _take_status(self, data: bytes) -> None:
        if not self._locked_at and data.startswith(b"R"):
            self._locked_at = time.monotonic()
            self._begun(self._locked_at)
        if len(self._status) < 4096:
            self._status += data
        if self._alarm_from_s is not None and self._status[1:2] == b"C":
            self._look()
            self._alarm_from_s = self._clock.used_s

    def _take_stdout(self, data: bytes) -> None:
        room = self._caps.stdout - len(self._stdout)
        self._stdout_bytes += len(data)
        self._stdout += data[:room] if room < len(data) else data

    def _take_stderr(self, data: bytes) -> None:
        """Keeps the end, where the exception is."""
        self._stderr += data
        if len(self._stderr) > self._caps.stderr + _PIECE:
            del self._stderr[: -self._caps.stderr or None]

    def _check_output(self) -> None:
        if self._stdout_bytes > self._caps.stdout:
            self._end("stdout")
        elif self._frames.overflow:
            self._end("result")

    def send(self, data: bytes) -> None:
        """Queue an input; `pump` delivers it."""
        self._pending = memoryview(len(data).to_bytes(4, "big") + data)
        fd = self._fds.kept.get("input")
        if fd is not None:
            self._poller.register(fd, select.POLLOUT)

    def _fill(self, fd: int) -> None:
        try:
            self._pending = self._pending[os.write(fd, self._pending) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._pending = memoryview(b"")  # the child closed it, or is ending
        if not self._pending:
            self._poller.unregister(fd)

    def frame_ready(self) -> bool:
        return self._frames.ready()

    def take_frame(self) -> object | None:
        """The next frame, if one arrived whole."""
        value = self._frames.take()
        self._check_output()
        return value

    # --- limits ---------------------------------------------------------------------------------

    def sample(self) -> None:
        """Look at CPU time and memory now, and end the child if one is over its limit."""
        self._look()
        if self._peak > self._caps.memory:
            self._end("memory")
        elif self.cpu_s > self._caps.cpu_s:
            self._end("cpu")

    def _look(self) -> None:
        try:
            if self._view is None and not (self._hidden or self._exited):
                self._view = ProcessView(self._pid, self._pidfd)
            seen = None if self._view is None else self._view.look()
        except OSError:
            self._hidden = self._view is None
            seen = None
        if seen is None:
            self._clock.pass_without_look(time.monotonic())
            return
        self._clock.look(seen)
        self.cpu_s = seen.cpu_s
        resident = seen.resident_bytes - self._reaper.baseline_bytes
        self._peak = max(self._peak, resident, self._reaper.charged_bytes(resident))

    def _end(self, limit: Ended) -> None:
        """Kill the child because of a limit; the first limit counts."""
        if self._limit is None:
            self._limit = limit
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL without a limit as the reason; the process may be dead already."""
        self._killed_at = self._killed_at or time.monotonic()
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    # --- the end --------------------------------------------------------------------------------

    @property
    def clock_s(self) -> float:
        """Seconds that the child has used by its clock, in all laps."""
        return self._clock.used_s

    @property
    def starved_s(self) -> float:
        """Seconds of its laps in which it was ready to run and had no core."""
        return self._clock.starved_s

    @property
    def exited(self) -> bool:
        return self._exited

    def finish(self, *, frame: bool) -> Observation:
        """What was seen of a child that has ended. `frame`: read its result frame."""
        assert self._exited
        report = self._reaped()
        value = self.take_frame() if frame else None
        marks = bytes(self._status)
        locked = marks.startswith(b"R")
        signal_number = os.WTERMSIG(report.status) if os.WIFSIGNALED(report.status) else None
        self._peak = max(self._peak, report.maxrss_bytes - self._reaper.baseline_bytes)
        suspect = ""
        if not locked:
            suspect = "no lock-down: " + (marks[1:].decode("utf-8", "replace") or f"wait status {report.status:#x}")
        elif signal_number == signal.SIGKILL and not self._killed_at and report.cpu_s < self._caps.cpu_s:
            if self._reaper.memory_killed():
                self._limit = "memory"
            elif self._peak <= self._caps.memory:
                suspect = self._reaper.blames_host(self._peak)
        if self._limit is None and signal_number is not None and report.cpu_s > self._caps.cpu_s:
            self._limit = "cpu"  # RLIMIT_CPU came before a look did
        return Observation(
            locked=locked,
            loaded=marks[1:2] == b"C",
            syntax_error=marks[2:].decode("utf-8", "replace") if marks[1:2] == b"S" else None,
            exit_code=os.WEXITSTATUS(report.status) if signal_number is None else None,
            signal=signal_number,
            limit=self._limit,
            stdout=bytes(self._stdout),
            stdout_bytes=self._stdout_bytes,
            stdout_truncated=self._stdout_bytes > len(self._stdout),
            stderr=bytes(self._stderr[-self._caps.stderr :]) if self._caps.stderr else b"",
            frame=value,
            cpu_s=report.cpu_s,
            wall_s=max(0.0, self._ended_at - (self._locked_at or self._launched)),
            peak_bytes=self._peak,
            clock_s=self.clock_s,
            starved_s=self.starved_s,
            suspect=suspect,
        )

    def _reaped(self) -> Exit:
        if not self._orphaned:
            try:
                return self._reaper.reap(REAP_S)
            except SandboxLost:
                if not self._hung_up():
                    raise
                self._zygote_died()  # at the same time as the child
        return Exit(signal.SIGKILL, self.cpu_s, self._peak)

    def _hung_up(self) -> bool:
        """Whether the zygote is gone."""
        poller = select.poll()
        poller.register(self._reaper.channel_fd, 0)
        return bool(poller.poll(0))

    def close(self) -> None:
        """Kill what still runs and close every descriptor; idempotent."""
        if self._pidfd >= 0:
            if not self._exited:
                self.kill()
            os.close(self._pidfd)
            self._pidfd = -1
        if self._view is not None:
            self._view.close()
            self._view = None
        self._fds.close()
