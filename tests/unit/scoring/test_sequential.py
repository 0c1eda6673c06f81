"""The sequential gate: its stated error rates, and its ways to an answer."""

from __future__ import annotations

import random

import pytest

from farm.scoring.sequential import SequentialTest, plan_sequential
from tests.simulation.gates import BUILDS, Build, decide, one_by_one, resampled, simulate, table_of

RATES = [0.02] * 12 + [0.2, 0.25, 0.33, 0.33, 0.4, 0.5, 0.5, 0.5, 0.6, 0.75] + [0.98] * 14


def stored(rates: list[float], samples: int, seed: int = 1) -> dict[str, list[bool]]:
    draw = random.Random(seed)
    return {f"p{i}": [draw.random() < rate for _ in range(samples)] for i, rate in enumerate(rates)}


def test_the_stated_error_rates_hold() -> None:
    """A quick one of 1,000 runs each; `python -m bench.sequential_gate` has 10,000 on recorded rates."""
    rates = resampled(RATES, 400)
    found = dict(zip(BUILDS, simulate(rates, BUILDS, planned_loss=0.05, runs=1000, stored=4, plans=10), strict=True))
    assert found[Build(0.0)].failed <= 0.05 + 0.015  # of 1,000 runs: two standard errors
    for broken in (False, True):
        for loss in (0.05, 0.10):
            told = found[Build(loss, broken)]
            assert 1 - told.failed <= told.stated_miss + 0.03
    assert found[Build(0.10)].asked < found[Build(0.05)].asked < 1
    assert found[Build(0.0)].failed < found[Build(0.02)].failed < found[Build(0.05)].failed


def test_one_stored_sample_is_valid_too_and_tells_less() -> None:
    rates = resampled(RATES, 150)
    one, four = (
        simulate(rates, [Build(0.0), Build(0.1)], planned_loss=0.1, runs=500, stored=samples, plans=5)
        for samples in (1, 4)
    )
    assert one[0].failed <= 0.05 + 0.02
    assert one[1].asked > four[1].asked


def test_the_simulation_is_the_test_itself() -> None:
    import numpy as np

    rates = resampled(RATES, 150)
    plan = plan_sequential(stored(rates, 3), loss=0.08)
    draw = np.random.default_rng(3)
    solved = draw.random((40, 150)) < np.array(rates) * draw.choice([1.1, 1.0, 0.7], size=(40, 1))
    solved = solved[:, [int(problem_id.removeprefix("p")) for problem_id, _ in plan.order]]
    fails, seen = decide(plan, solved, [table_of(group) for group in plan.groups])
    assert [one_by_one(plan, row.tolist()) for row in solved] == list(zip(fails.tolist(), seen.tolist(), strict=True))
    assert {bool(x) for x in fails} == {True, False} and 1 < min(seen) < 150


def test_the_order_begins_with_what_tells_most() -> None:
    plan = plan_sequential(stored(resampled(RATES, 300), 4), loss=0.05)
    assert sorted(problem_id for problem_id, _ in plan.order) == sorted(f"p{i}" for i in range(300))
    drops = [2 * plan.groups[number].kept - sum(plan.groups[number].lost) for _, number in plan.order]
    assert drops == sorted(drops, reverse=True)
    assert plan == plan_sequential(stored(resampled(RATES, 300), 4), loss=0.05)


def test_all_lost_fails_soon_and_all_kept_passes_soon() -> None:
    rates = resampled(RATES, 300)
    plan = plan_sequential(stored(rates, 4), loss=0.1)
    for solved, decision in ((False, "FAIL"), (True, "PASS")):
        test = SequentialTest(plan)
        while test.add(solved) is None:
            pass
        assert (test.decision, test.seen < 60) == (decision, True)
        assert test.add(not solved) == decision  # it stays


def test_a_missing_result_decides_nothing() -> None:
    plan = plan_sequential(stored(resampled(RATES, 20), 2), loss=0.1)
    test = SequentialTest(plan)
    for _ in plan.order:
        test.add(None)
    assert (test.decision, test.missing, test.ratios) == (None, 20, (0, 0))


def test_what_cannot_be_tested_is_said() -> None:
    for results, loss in (({}, 0.1), ({"p": [False]}, 0.9), ({"p": []}, 0.1)):
        with pytest.raises(ValueError, match=r"cannot be tested|needs problems"):
            plan_sequential(results, loss=loss)
