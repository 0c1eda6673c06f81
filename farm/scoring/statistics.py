"""How sure one run's score is: standard errors, intervals, the differences that it could show.

A score is a mean over problems. Samples of one problem resemble each other, so the problem is the unit
of all uncertainty here: one sample of each problem gives a proportion (Wilson's interval), several give
clusters (a bootstrap that draws whole problems, or Wilson at the effective size). Pure Python, so that
importing it costs nothing.

The intervals answer "how would this model score on other problems like these". They do not cover what a
server changes from run to run; only repeats show that.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from math import ceil, fsum, sqrt
from operator import mul
from typing import Annotated, Literal

from pydantic import Field

from farm.records import Record
from farm.scoring.passk import pass_at_k

Z_95 = 1.959963984540054  # two-sided 5 %
Z_POWER_80 = 0.8416212335729143  # one-sided 20 %
SIGNIFICANCE = 0.05

RESAMPLES = 2000
MIN_PROBLEMS = 30  # fewer do not show their own spread
MIN_MINORITY = 20  # a percentile bootstrap of fewer problems above zero, or below one, is too narrow

Share = Annotated[float, Field(ge=0, le=1)]
Counts = Sequence[tuple[int, int]]
"""(n samples, c passed) of each problem."""


class Interval(Record):
    """Where the score lies with 95 % confidence, as shares of one, and how that was computed."""

    low: Share
    high: Share
    method: Literal["wilson", "wilson-by-problem", "bootstrap-by-problem"]


# --- one run ------------------------------------------------------------------------------------


def wilson(score: float, size: float) -> Interval:
    """Wilson's 95 % interval of a share `score` seen in `size` independent trials (E. B. Wilson, 1927).

    ValueError unless size > 0 and 0 <= score <= 1.
    """
    if not size > 0 or not 0 <= score <= 1:
        raise ValueError(f"no interval for a share of {score} of {size}")
    z2 = Z_95 * Z_95
    middle = (score + z2 / (2 * size)) / (1 + z2 / size)
    half = Z_95 / (1 + z2 / size) * sqrt(score * (1 - score) / size + z2 / (4 * size * size))
    # At 0 and 1 the bound is the score itself; rounding must not push it past.
    low = 0.0 if score == 0 else max(0.0, middle - half)
    high = 1.0 if score == 1 else min(1.0, middle + half)
    return Interval(low=low, high=high, method="wilson")


def standard_error(counts: Counts, k: int = 1) -> float | None:
    """Standard error of mean pass@k, clustered by problem: deviation of the problems over sqrt(problems).

    Divides by problems - 1, as lm-eval's `acc_stderr` does. None for a single problem.
    """
    if len(counts) < 2:
        return None
    return sqrt(_spread(_values(counts, k)) / (len(counts) - 1) / len(counts))


def clustered_wilson(counts: Counts, k: int = 1) -> Interval:
    """Wilson's 95 % interval of mean pass@k, with `effective_size` trials."""
    score = _share(fsum(_values(counts, k)) / len(counts))
    method: Literal["wilson", "wilson-by-problem"] = "wilson-by-problem" if _several(counts) else "wilson"
    return wilson(score, effective_size(counts, k)).model_copy(update={"method": method})


def intervals(counts: Counts, ks: Sequence[int], *, seed: int = 42) -> dict[int, Interval]:
    """The 95 % interval of mean pass@k for each of `ks`.

    One sample of each problem: Wilson. Several: percentiles of RESAMPLES means, each of as many problems
    drawn with replacement as there are; the same seed gives the same interval on every machine. Where
    that bootstrap is too narrow (fewer than MIN_PROBLEMS problems, fewer than MIN_MINORITY of them above
    zero or below one: at 5 of 100 it covered 88 % instead of 95, or all alike) `clustered_wilson`.
    """
    found = {k: clustered_wilson(counts, k) for k in ks}
    if not _several(counts) or len(counts) < MIN_PROBLEMS:
        return found
    tables = {k: {count: float(pass_at_k(*count, k)) for count in set(counts)} for k in ks}
    fit = {k: table for k, table in tables.items() if _bootstraps([table[count] for count in counts])}
    for k, means in _bootstrap(counts, fit, seed).items():
        low, high = sorted(means)[int(RESAMPLES * 0.025)], sorted(means)[ceil(RESAMPLES * 0.975) - 1]
        found[k] = Interval(low=_share(low), high=_share(high), method="bootstrap-by-problem")
    return found


def effective_size(counts: Counts, k: int = 1) -> float:
    """How many independent samples say as much about mean pass@k as these clusters do.

    The number of problems for one sample each; more for several, by how much less the problems spread
    than coins of the same mean. Below MIN_PROBLEMS, or where all problems came out alike, that spread
    cannot be trusted: then the number of problems, which is never too many, as nothing in 0..1 spreads
    more than a coin.
    """
    values = _values(counts, k)
    size, score, spread = len(values), fsum(values) / len(values), _spread(values)
    if not _several(counts) or size < MIN_PROBLEMS or spread < 1e-12:
        return float(size)
    return max(float(size), score * (1 - score) * size * size / spread)


def smallest_difference(score: float, *sizes: float) -> float | None:
    """The smallest true difference, as a share of one, that a two-sided 5 % test finds in 80 % of cases.

    `score` is the share near which both sides lie, `sizes` the effective number of samples behind each
    side that has noise: one size against an exact reference, two for a pair of unpaired runs. None if no
    share between 0 and 1 is so far from `score`: so few samples could show nothing.
    """
    # Agresti and Coull's two added passes and failures: a score of 0 must not claim perfect eyesight.
    near = (score * sizes[0] + 2) / (sizes[0] + 4)
    difference = (Z_95 + Z_POWER_80) * sqrt(near * (1 - near) * sum(1 / size for size in sizes))
    return difference if difference <= max(score, 1 - score) else None


def _several(counts: Counts) -> bool:
    return any(n > 1 for n, _ in counts)


def _values(counts: Counts, k: int) -> list[float]:
    table = {count: float(pass_at_k(*count, k)) for count in set(counts)}
    return [table[count] for count in counts]


def _spread(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values)


def _bootstraps(values: Sequence[float]) -> bool:
    minority = min(sum(value > 0 for value in values), sum(value < 1 for value in values))
    return minority >= MIN_MINORITY and len(set(values)) > 1


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _bootstrap(counts: Counts, values: dict[int, dict[tuple[int, int], float]], seed: int) -> dict[int, list[float]]:
    """RESAMPLES means of pass@k for each k of `values`, all from the same draws of problems."""
    draw = random.Random(seed).random  # noqa: S311 - a simulation, no secret
    size, kinds = len(counts), sorted(set(counts))
    places = {count: place for place, count in enumerate(kinds)}
    drawn_from = [places[count] for count in counts]
    columns = {k: [value[count] for count in kinds] for k, value in values.items()}
    means: dict[int, list[float]] = {k: [] for k in values}
    for _ in range(RESAMPLES):
        histogram = Counter([drawn_from[int(draw() * size)] for _ in range(size)])
        times = [histogram[place] for place in range(len(kinds))]
        for k, column in columns.items():
            means[k].append(sum(map(mul, column, times)) / size)
    return means
