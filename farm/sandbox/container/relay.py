"""What runs in the container: takes requests on its standard input, runs them on a slot, answers on its output.

It is the trusted side of the container's own slot: it drains, caps and kills as a worker does on its host.
It never sees an expected output. It loads with the standard library alone and ends when its input does,
which is when the worker has gone.
"""

from __future__ import annotations

import json
import os
import select
import threading
from contextlib import ExitStack
from typing import Any

from farm.errors import SandboxError, SandboxLost, SandboxUnavailable
from farm.sandbox import plan
from farm.sandbox.container import wire
from farm.sandbox.session import ChildSession
from farm.sandbox.slot import Slot

Answer = tuple[dict[str, Any], list[bytes]]


def main() -> None:
    """Serve until the input ends."""
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    relay = _Relay()
    try:
        while True:
            header, blobs = wire.read(_exactly)
            _write(wire.pack(*relay.answer(header, blobs)))
    except EOFError:
        pass
    finally:
        relay.close()


class _Relay:
    def __init__(self) -> None:
        self._slot: Slot | None = None
        self._running = ExitStack()  # the child of a session
        self._session: ChildSession | None = None

    def answer(self, header: dict[str, Any], blobs: list[bytes]) -> Answer:
        what = header.pop("do")
        header.pop("blobs")
        try:
            if what == "open":
                return self._open(**header)
            if what == "observe":
                return wire.observation_message(self._opened().observe(wire.request_of(header, blobs)))
            if what == "launch":
                self._session = self._running.enter_context(self._opened().session(wire.request_of(header, blobs)))
                return {}, []
            if what == "exchange":
                return self._exchange(blobs, **header)
            if what == "finish":
                return wire.observation_message(self._fed().finish())
            if what == "release":
                self._release()
                return {}, []
        except SandboxError as exc:
            return {"failed": type(exc).__name__, "message": exc.message, "remedy": exc.remedy}, []
        except OSError as exc:
            return {"failed": SandboxLost.__name__, "message": f"the container is short of something: {exc}"}, []
        raise AssertionError(what)

    def _open(self, tier: str, preload: list[str] | None, python: str | None) -> Answer:
        reasons = []
        for candidate in plan.candidates(tier):
            try:
                chosen = plan.make(candidate, python, None if preload is None else tuple(preload))
                self._slot = Slot(chosen)
            except SandboxUnavailable as exc:
                reasons.append(exc.message)
                continue
            info = self._slot.info
            return {"tier": info.tier, "protections": info.protections, "runtime": info.runtime}, []
        raise SandboxUnavailable("; ".join(reasons))

    def _exchange(self, blobs: list[bytes], clock_s: float, alarm_s: float | None) -> Answer:
        session = self._fed()
        value = session.exchange(blobs[0] if blobs else None, clock_s=clock_s, alarm_s=alarm_s)
        used = {"cpu_s": session.cpu_s, "clock_s": session.clock_s, "starved_s": session.starved_s}
        return used, [] if value is None else [json.dumps(value).encode()]

    def _opened(self) -> Slot:
        assert self._slot is not None
        return self._slot

    def _fed(self) -> ChildSession:
        assert self._session is not None
        return self._session

    def _release(self) -> None:
        self._session = None
        self._running.close()

    def close(self) -> None:
        self._release()
        if self._slot is not None:
            self._slot.close()


def _end_with_the_worker() -> None:
    """A run may take minutes; its result is not wanted once the other end of the input is closed."""
    poller = select.poll()
    poller.register(0, 0)  # a hang-up is always reported
    poller.poll()
    os._exit(0)


def _exactly(size: int) -> bytes:
    got = bytearray()
    while len(got) < size:
        part = os.read(0, min(size - len(got), 1 << 20))
        if not part:
            raise EOFError
        got += part
    return bytes(got)


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]
