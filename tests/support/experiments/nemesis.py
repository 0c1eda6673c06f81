"""What is done to a cluster, by seed, with a timeline that a failure prints.

A nemesis does one thing at a time and writes it down first. The seed (tests.support.experiments.scale) decides the
order and the choice of victims, not the moment, which the machine decides.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.support.cluster.cluster import Cluster
from tests.support.farm_process import FarmProcess
from tests.support.sandbox import children, is_zygote
from tests.support.wait import wait_until


@dataclass
class Nemesis:
    """Kills, stops and starts what belongs to one cluster."""

    cluster: Cluster
    seed: int
    timeline: list[str] = field(default_factory=list)
    rng: random.Random = field(init=False)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def note(self, what: str) -> None:
        """Write down what happens now."""
        self.timeline.append(f"{time.monotonic() - self._began:7.2f} s  {what}")

    # --- processes --------------------------------------------------------------------------------------

    def kill(self, process: FarmProcess, what: str = "") -> None:
        """SIGKILL a farm process."""
        self.note(f"kill -9 {what or process.log.stem} ({process.process.pid})")
        process.kill()

    def signal(self, process: FarmProcess, number: signal.Signals) -> None:
        """Send it a signal."""
        self.note(f"{number.name} to {process.log.stem} ({process.process.pid})")
        process.process.send_signal(number)

    def kill_one_of(self, pids: Sequence[int], what: str) -> bool:
        """SIGKILL one of these processes by chance; False if there is none."""
        if not pids:
            return False
        pid = self.rng.choice(sorted(pids))
        self.note(f"kill -9 {what} {pid}")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def random_worker(self, role: str = "") -> FarmProcess | None:
        """A running worker by chance."""
        running = [p for slot, p in self.cluster.workers.items() if p.running and role in ("", slot.role)]
        return self.rng.choice(running) if running else None

    # --- Redis ------------------------------------------------------------------------------------------

    def restart_redis(self, *, empty: bool = False, down_s: float = 0.0) -> None:
        """Kill Redis and start it again, with its data or without."""
        redis = self.cluster.redis
        self.note(f"kill -9 Redis{', its data are removed' if empty else ''}")
        redis.kill()
        if empty:
            shutil.rmtree(redis.directory)
            redis.directory.mkdir()
        self.wait(down_s)
        redis.start()
        self.note("Redis is back")

    # --- time -------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        ends = time.monotonic() + seconds
        if seconds > 0:
            wait_until(lambda: time.monotonic() >= ends, "time passes", timeout_s=seconds + 60)

    def when(self, probe: Callable[[], object], what: str, *, timeout_s: float = 120.0) -> None:
        """Wait for a state of the run before the next blow."""
        wait_until(lambda: bool(probe()), what, timeout_s=timeout_s)


def pool_of(worker: FarmProcess) -> list[int]:
    """The pool processes of a running execute worker."""
    return children(worker.process.pid)


def zygotes_of(worker: FarmProcess) -> list[int]:
    """The zygotes below a running execute worker."""
    return [pid for pool in pool_of(worker) for pid in children(pool) if is_zygote(pid)]


@contextmanager
def nemesis_of(cluster: Cluster, seed: int) -> Iterator[Nemesis]:
    """A nemesis; prints its timeline at the end, which pytest shows if the test fails."""
    nemesis = Nemesis(cluster, seed)
    try:
        yield nemesis
    finally:
        print("\n".join(nemesis.timeline))
