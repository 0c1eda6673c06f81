"""The `Runner` of containers: one that works, and a spare that hides the time it takes to start the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from farm.errors import SandboxBroken, SandboxLost, SandboxUnavailable
from farm.records import Limits
from farm.sandbox.api import Observation, SandboxInfo
from farm.sandbox.clock import STARVED_FOLD
from farm.sandbox.confinement import ContainerSpec
from farm.sandbox.container import wire
from farm.sandbox.container.bundle import archive
from farm.sandbox.container.engine import ROOT_CAPABILITIES, Engine
from farm.sandbox.frames import decode_value
from farm.sandbox.plan import Tier
from farm.sandbox.runner import RunRequest
from farm.sandbox.supervisor import REAP_S, SETUP_S
from farm.sandbox.zygote import host_oom_kills

RECYCLE_RUNS = 1000
ANSWER_S = 60.0  # of the relay, beyond what its work may take: the engine carries its bytes
START_S = 90.0


class ContainerRunner:
    """Runs requests in containers of `spec`. `tier`: within the container; `auto` or a name.

    Raises SandboxUnavailable when the engine, the image or the tier is not there.
    """

    def __init__(
        self,
        spec: ContainerSpec,
        *,
        tier: Tier | str = "auto",
        python: str | None = None,
        preload: tuple[str, ...] | None = None,
    ) -> None:
        self._open: dict[str, Any] = {"do": "open", "tier": tier, "python": python, "preload": preload}
        self._spec = spec
        self._memory_bytes = Limits().memory_bytes
        self._as_root = False
        self._engine = Engine(spec)
        # One thread: it starts the spare and removes the used, so neither waits in a run's way
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="containers")
        self._spare: Future[_Box] | None = None
        self._box: _Box | None = None
        try:
            image = self._engine.prepare()
            self.info = _info(self._first().facts, spec, image, self._as_root)
        except BaseException:
            self.close()
            raise

    def _first(self) -> _Box:
        """The first container. The user that works there (uid 65534, else root) is that of all later ones."""
        try:
            return self._ready()
        except SandboxUnavailable as as_nobody:
            self._as_root = True
            try:
                return self._ready()
            except SandboxUnavailable as exc:
                raise SandboxUnavailable(f"{as_nobody.message}; as root there: {exc.message}") from exc

    def _start(self) -> _Box:
        return _Box(self._engine, self._memory_bytes, self._as_root, self._open)

    def _ready(self) -> _Box:
        """The container for the next request, replaced when it has served enough."""
        if self._box is not None and self._box.runs >= RECYCLE_RUNS:
            self.discard()
        if self._box is None:
            spare, self._spare = self._spare, None
            try:
                self._box = self._start() if spare is None else spare.result()
            except SandboxLost as exc:
                raise SandboxUnavailable(exc.message) from exc
            self._spare = self._behind.submit(self._start)
        return self._box

    def _serving(self, request: RunRequest) -> _Box:
        box = self._ready()
        self._memory_bytes = max(self._memory_bytes, request.limits.memory_bytes)
        box.allow(self._memory_bytes)
        box.runs += 1
        return box

    def observe(self, request: RunRequest) -> Observation:
        """See `Runner`."""
        header, blobs = wire.request_message(request)
        limit_s = SETUP_S + STARVED_FOLD * request.limits.wall_s + REAP_S
        return wire.observation_of(*self._serving(request).ask("observe", header, blobs, within_s=limit_s))

    @contextmanager
    def session(self, request: RunRequest) -> Iterator[_RemoteSession]:
        """See `Runner`."""
        box = self._serving(request)
        box.ask("launch", *wire.request_message(request), within_s=SETUP_S)
        try:
            yield _RemoteSession(box)
        except BaseException:
            self.discard()  # its child cannot be asked any more
            raise
        box.ask("release", {}, [], within_s=REAP_S)

    def twin(self) -> ContainerRunner:
        """See `Runner`. In containers of its own: the two children share no container."""
        given = self._open
        return ContainerRunner(self._spec, tier=given["tier"], python=given["python"], preload=given["preload"])

    def discard(self) -> None:
        """See `Runner`."""
        if self._box is not None:
            box, self._box = self._box, None
            box.hang_up()
            self._behind.submit(box.remove)

    def close(self) -> None:
        """See `Runner`."""
        self.discard()
        spare, self._spare = self._spare, None
        if spare is not None and not spare.cancel() and spare.exception() is None:
            spare.result().hang_up()
            spare.result().remove()
        self._behind.shutdown(wait=True)
        self._engine.close()


class _Box:
    """One container with its relay, opened."""

    def __init__(self, engine: Engine, memory_bytes: int, as_root: bool, opening: dict[str, Any]) -> None:
        self._engine = engine
        self._memory_bytes = memory_bytes
        self._oom_kills = host_oom_kills()
        self.runs = 0
        self._identity, self._link = engine.start(memory_bytes, Limits().threads, as_root=as_root)
        try:
            self._link.allow(START_S)
            self._link.send(archive() + wire.pack(opening))
            self.facts, _ = self._answer()
        except BaseException:
            self.hang_up()
            self.remove()
            raise

    def allow(self, memory_bytes: int) -> None:
        if memory_bytes > self._memory_bytes:
            self._engine.allow(self._identity, memory_bytes)
            self._memory_bytes = memory_bytes

    def ask(
        self, what: str, header: dict[str, Any], blobs: list[bytes], *, within_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The relay's answer. Raises what it says it met, SandboxBroken if the container ended, or SandboxLost."""
        self._link.allow(within_s + ANSWER_S)
        try:
            self._link.send(wire.pack({"do": what, **header}, blobs))
            return self._answer()
        except SandboxBroken as exc:
            if host_oom_kills() > self._oom_kills:
                raise SandboxLost(f"{exc.message}; the host is out of memory (oom_kill rose)") from exc
            raise

    def _answer(self) -> tuple[dict[str, Any], list[bytes]]:
        header, blobs = wire.read(self._link.exactly)
        failed = header.get("failed")
        if failed is not None:
            kind = next((kind for kind in (SandboxUnavailable, SandboxBroken) if failed == kind.__name__), SandboxLost)
            raise kind(f"in the container: {str(header.get('message'))[:500]}")
        return header, blobs

    def hang_up(self) -> None:
        self._link.close()

    def remove(self) -> None:
        self._engine.remove(self._identity)


_TIMES = ("cpu_s", "clock_s", "starved_s")


class _RemoteSession:
    """The `Session` of a child in the container."""

    def __init__(self, box: _Box) -> None:
        self._box = box
        self._seen: Observation | None = None
        self.cpu_s = 0.0
        self.clock_s = 0.0
        self.starved_s = 0.0

    def exchange(
        self, payload: bytes | None, *, clock_s: float, alarm_s: float | None = None
    ) -> dict[str, object] | None:
        """See `farm.sandbox.api.Session`."""
        given = [] if payload is None else [payload]
        within_s = SETUP_S + STARVED_FOLD * clock_s + REAP_S
        used, blobs = self._box.ask("exchange", {"clock_s": clock_s, "alarm_s": alarm_s}, given, within_s=within_s)
        try:
            self.cpu_s, self.clock_s, self.starved_s = (float(used[name]) for name in _TIMES)
        except (KeyError, TypeError, ValueError) as exc:
            raise SandboxLost("the container sent an answer without its form") from exc
        value = decode_value(blobs[0]) if blobs else None
        return value if isinstance(value, dict) else None

    def finish(self) -> Observation:
        """See `farm.sandbox.api.Session`."""
        if self._seen is None:
            self._seen = wire.observation_of(*self._box.ask("finish", {}, [], within_s=REAP_S))
        return self._seen


def _info(facts: dict[str, Any], spec: ContainerSpec, image: str, as_root: bool) -> SandboxInfo:
    """What confines programs there, as the relay of a new container says; no program has run in it yet."""
    capabilities = f"capabilities-{len(ROOT_CAPABILITIES)}-of-root" if as_root else "capabilities-none"
    outer = ("container", "network-none", "read-only", capabilities)
    runtime = (f"oci-{spec.runtime}",) if spec.runtime else ()
    inner = tuple(map(str, facts["protections"]))
    versions = " ".join([str(facts["runtime"]), f"image-{image}", *runtime])
    return SandboxInfo(f"docker:{facts['tier']}", (*outer, *runtime, *inner), versions)
