"""A child of mode `lcb`: all tests of a sample in one process, one input and one frame at a time."""

from __future__ import annotations

from farm.sandbox.api import Observation
from farm.sandbox.supervisor import REAP_S, Child


class ChildSession:
    """The `Session` of farm.sandbox.api over a supervised child.

    Both methods raise SandboxLost when the zygote died or the child never locked itself down.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        self._seen: Observation | None = None

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        """See `farm.sandbox.api.Session`."""
        child = self._child
        if child.exited:
            return None
        if payload is not None:
            child.send(payload)
        child.pump(clock_s, until=child.frame_ready, alarm_s=alarm_s)
        value = child.take_frame()
        if isinstance(value, dict):
            child.sample()
            return value
        self._end()
        return None

    def finish(self) -> Observation:
        """See `farm.sandbox.api.Session`."""
        if self._seen is None:
            self._end()
            self._seen = self._child.finish(frame=False)
        return self._seen

    @property
    def cpu_s(self) -> float:
        return self._child.cpu_s

    @property
    def clock_s(self) -> float:
        return self._child.clock_s

    @property
    def starved_s(self) -> float:
        return self._child.starved_s

    def _end(self) -> None:
        if not self._child.exited:
            self._child.kill()
            self._child.pump(REAP_S)
