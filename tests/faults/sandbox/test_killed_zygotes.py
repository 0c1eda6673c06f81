"""kill -9 of zygotes at random moments: every verdict as without the kills, and no orphan."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from farm.records import Verdict
from tests.faults.sandbox.programs import MIXED, ROOMY, Program
from tests.faults.sandbox.slots import ATTEMPTS, slots, table, tally, wrong
from tests.faults.sandbox.tiers import tiers
from tests.faults.sandbox.traces import no_traces
from tests.support.experiments.scale import TIMEOUT_S, seeded, size
from tests.support.sandbox import available_tiers, children, zygotes
from tests.support.wait import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S)]

SLOTS = 2
RUNS = size(2000, len(MIXED))
LONGEST_RUN_S = 1.0  # `endless, lcb`: the alarm inside it counts whole seconds
# Between two kills on average, in starts of a zygote and such runs: so that no run loses all its zygotes
MEAN_ATTEMPTS = 2
UNDER_A_RUN = "under a run"


class Killer:
    """Kills zygotes that this process starts from now on, at moments drawn from an exponential distribution."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._others = zygotes()  # a session's other tests keep theirs open
        self._stop = threading.Event()
        self.kills: Counter[str] = Counter()

    @contextmanager
    def at_work(self, mean_s: float) -> Iterator[None]:
        """Kill within it, every `mean_s` seconds on average."""
        thread = threading.Thread(target=self._run, args=(mean_s,))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self, mean_s: float) -> None:
        while not self._stop.wait(self._random.expovariate(1 / mean_s)):
            victims = sorted(zygotes() - self._others)
            if victims:
                victim = self._random.choice(victims)
                self.kills[UNDER_A_RUN if children(victim) else "idle or starting"] += 1
                os.kill(victim, signal.SIGKILL)


@pytest.mark.parametrize("tier", tiers())
def test_killed_zygotes_change_no_verdict(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = seeded()
    killer = Killer(random)
    chosen = [*MIXED, *random.choices(MIXED, k=RUNS - len(MIXED))]
    random.shuffle(chosen)
    with ExitStack() as stack:
        stack.enter_context(no_traces(tmp_path, monkeypatch))
        opened = stack.enter_context(slots(tier, SLOTS))
        stack.enter_context(killer.at_work(MEAN_ATTEMPTS * (opened.start_s + LONGEST_RUN_S)))
        ran = opened.run(chosen, attempts=ATTEMPTS)
        while killer.kills[UNDER_A_RUN] == 0:
            ran += opened.run(MIXED, attempts=ATTEMPTS)
    lost = Counter(loss for one in ran for loss in one.losses)
    print(f"{len(ran)} runs; a zygote started in {opened.start_s:.2f} s; kills: {dict(killer.kills)}")
    print(f"lost and repeated by the worker: {dict(lost)}\n{table(tally(ran))}")
    assert wrong(ran) == []


SLOW = "import time\nn = input()\nwhile time.process_time() < 0.4: pass\nprint(n)"
FEW = ROOMY.model_copy(update={"threads": 1})


def test_orphans_do_not_fill_a_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that inherits orphans, as pid 1 of a container does, must reap those of its zygotes: the slot's cgroup
    counts the dead until then, and with one thread allowed there is room for few."""
    program = Program("right and slow", Verdict.PASSED, SLOW, limits=FEW)
    others = zygotes()
    with no_traces(tmp_path, monkeypatch), slots(available_tiers()[0], 1) as opened, ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            running = pool.submit(opened.run, [program])
            os.kill(wait_until(lambda: _with_a_running_child(zygotes() - others), "a child at work"), signal.SIGKILL)
            assert wrong(running.result()) == []
        assert wrong(opened.run([program])) == []


def _with_a_running_child(found: set[int]) -> int:
    """One, or 0 if there is none, whose child has used 0.2 s of CPU time, which the probes at its own start do not."""
    return next((pid for pid in found if any(_cpu_s(child) > 0.2 for child in children(pid))), 0)


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
