"""C10: a run of 100,000 samples is taken up again quickly, in memory that does not grow with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.experiments.big_ledger import resume_cost
from tests.support.experiments.scale import TIMEOUT_S, size

pytestmark = [pytest.mark.fault, pytest.mark.redis, pytest.mark.timeout(max(TIMEOUT_S, 300))]

CPU_S = 5.0  # in all, imports included; how long it takes is the machine's business
GROWTH_MB = 60.0


def test_memory_and_time_to_resume_hardly_grow_with_the_run(tmp_path: Path) -> None:
    small, large = (resume_cost(tmp_path / str(n), n) for n in (2_000, size(100_000, 30_000)))
    assert large["coordinator CPU s"] < CPU_S
    assert large["coordinator peak MB"] - small["coordinator peak MB"] < GROWTH_MB
