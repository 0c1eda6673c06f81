"""Many sequential gates at once, on scripted builds: the same decisions as `SequentialTest`, in arrays.

For tests and for `python -m bench.sequential_gate`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from farm.scoring.sequential import Group, SequentialPlan, SequentialTest, plan_sequential, shifted

PLANS = 25

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Build(NamedTuple):
    """What a new build lost of mean pass@1, and how: each problem a little, or some problems wholly."""

    loss: float
    broken: bool = False

    def __str__(self) -> str:
        return f"{self.loss * 100:2.0f} points, {'broken' if self.broken else 'harder'}" if self.loss else "none"


BUILDS = (Build(0.0), *(Build(loss, broken) for loss in (0.02, 0.05, 0.10) for broken in (False, True)))


class Simulated(NamedTuple):
    """Of many gates on one kind of build: shares of one."""

    failed: float
    asked: float  # mean share of the problems
    stated_miss: float  # mean of the plans' bounds


def resampled(rates: Sequence[float], size: int, seed: int = 1) -> list[float]:
    """`size` problems drawn from the recorded ones."""
    return random.Random(seed).choices(list(rates), k=size)


def simulate(
    rates: Sequence[float], builds: Sequence[Build], *, planned_loss: float, runs: int, stored: int,
    plans: int = PLANS, seed: int = 7,
) -> list[Simulated]:  # fmt: skip
    """`runs` gates on each of `builds`, over `plans` draws of what is stored, `stored` samples each."""
    draw = np.random.default_rng(seed)
    true = np.array(rates)
    mean = float(true.mean())
    found = [[0.0, 0.0] for _ in builds]
    stated = 0.0
    for _ in range(plans):
        before = draw.random((stored, len(rates))) < true
        plan = plan_sequential({str(i): before[:, i].tolist() for i in range(len(rates))}, loss=planned_loss)
        stated += plan.misses / plans
        tables = [table_of(group) for group in plan.groups]
        order = [int(problem_id) for problem_id, _ in plan.order]
        for number, build in enumerate(builds):
            shift = shift_for(rates, mean - build.loss) if build.loss and not build.broken else 0.0
            chances = np.tile([shifted(rate, shift) for rate in rates], (runs // plans, 1))
            if build.broken:
                chances = chances * (draw.random(chances.shape) >= build.loss / mean)
            fails, seen = decide(plan, (draw.random(chances.shape) < chances)[:, order], tables)
            found[number][0] += float(fails.sum())
            found[number][1] += float(seen.sum())
    done = runs // plans * plans
    return [Simulated(failed / done, asked / done / len(rates), stated) for failed, asked in found]


def decide(plan: SequentialPlan, solved: Bools, tables: Sequence[Floats]) -> tuple[Bools, Floats]:
    """Which of many gates fail, and after how many problems; as `SequentialTest`, for rows in the plan's order."""
    size = solved.shape[1]
    ratios = np.zeros((*solved.shape, 2))  # of both kinds of loss
    before = np.zeros((len(solved), 1, 2))
    begin = 0
    for group, table in zip(plan.groups, tables, strict=True):
        end = begin + group.problems
        yes = np.cumsum(solved[:, begin:end], axis=1)
        ratios[:, begin:end] = before + table[np.arange(1, group.problems + 1), yes]
        before = ratios[:, end - 1 : end]
        begin = end
    mixed = np.logaddexp(ratios[..., 0], ratios[..., 1]) - np.log(2)
    out = (mixed >= plan.fail_above) | (ratios.max(axis=-1) <= plan.pass_below)
    decided = out.any(axis=1)
    first = np.where(decided, out.argmax(axis=1), size - 1)
    high = mixed[np.arange(len(mixed)), first] >= plan.fail_above
    few = solved.sum(axis=1) <= plan.fail_at_most
    return np.where(decided, high, few), first + 1.0


def table_of(group: Group) -> Floats:
    """`Group.ratios` for each number of asked problems (rows) and of solved ones."""
    asked = np.arange(group.problems + 1)[:, None, None]
    yes = np.arange(group.problems + 1)[None, :, None]
    weights = np.array(group.weights)
    kept, *lost = (
        _log_sum(weights + yes * logs[:, 0] + (asked - yes) * logs[:, 1])
        for logs in map(np.array, (group.kept_logs, *group.lost_logs))
    )
    return np.stack([each - kept for each in lost], axis=-1)


def _log_sum(logs: Floats) -> Floats:
    top = logs.max(axis=-1)
    summed: Floats = top + np.log(np.exp(logs - top[..., None]).sum(axis=-1))
    return summed


def one_by_one(plan: SequentialPlan, solved: Sequence[bool]) -> tuple[bool, int]:
    """One gate by `SequentialTest` itself."""
    test = SequentialTest(plan)
    for result in solved:
        if test.add(bool(result)):
            break
    return test.decision == "FAIL", test.seen


def shift_for(rates: Sequence[float], target: float) -> float:
    """The shift in log odds that gives the rates the mean `target`."""
    low, high = -40.0, 0.0
    for _ in range(60):
        middle = (low + high) / 2
        above = sum(shifted(rate, middle) for rate in rates) / len(rates) > target
        low, high = (low, middle) if above else (middle, high)
    return (low + high) / 2
