"""Output floods and memory bombs by the thousand: every verdict right, and the worker as it was."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.sandbox.programs import BOMBS, FLOODS
from tests.faults.sandbox.slots import slots, table, tally, wrong
from tests.faults.sandbox.tiers import tiers
from tests.faults.sandbox.traces import no_traces, open_descriptors, resident_bytes
from tests.support.experiments.scale import FULL, TIMEOUT_S, seeded, size

pytestmark = [pytest.mark.fault, pytest.mark.timeout(TIMEOUT_S)]

SLOTS = 2
FLAT_BYTES = 20 << 20
ROUNDS = size(100, 2)
WARM_UP = size(3, 1)  # rounds after which memory must not grow any more
LARGEST = FLOODS[-1:] * size(3, 1)  # its output is kept whole; each slot's thread has an arena that must have grown
ROUND = [p for p in (*FLOODS, *BOMBS) for _ in range(p.share if FULL else 1)]  # in the full version 100 programs


@pytest.mark.parametrize("tier", tiers())
def test_floods_and_bombs_leave_the_worker_as_it_was(
    tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = seeded()
    counts: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    memory: list[int] = []
    descriptors: set[int] = set()
    with no_traces(tmp_path, monkeypatch), slots(tier, SLOTS) as opened:
        failures += wrong(opened.run_on_each(LARGEST))
        for number in range(ROUNDS):
            ran = opened.run(random.sample(ROUND, len(ROUND)))
            counts += tally(ran)
            failures += wrong(ran)
            del ran  # what the worker has sent off is not its memory any more
            gc.collect()
            if number + 1 >= WARM_UP:
                memory.append(resident_bytes())
                descriptors.add(open_descriptors())
    print(f"{counts.total()} runs; resident MiB after each round from the {WARM_UP}. on: {[m >> 20 for m in memory]}")
    print(f"descriptors after each round: {sorted(descriptors)}\n{table(counts)}")
    assert failures == []
    assert len(descriptors) == 1
    assert max(memory) - memory[0] < FLAT_BYTES
