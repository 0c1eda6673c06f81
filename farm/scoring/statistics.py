"""How sure a score is: standard errors, intervals, paired tests and the check against a reference.

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
from enum import IntEnum
from fractions import Fraction
from math import ceil, erfc, exp, fsum, isfinite, lgamma, log, log1p, sqrt
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from farm.records import Record
from farm.scoring.passk import pass_at_k

Z_95 = 1.959963984540054  # two-sided 5 %
Z_POWER_80 = 0.8416212335729143  # one-sided 20 %
SIGNIFICANCE = 0.05

RESAMPLES = 2000
MIN_PROBLEMS = 30  # fewer do not show their own spread
MIN_MINORITY = 20  # a percentile bootstrap of fewer problems above zero, or below one, is too narrow

TOLERANCE = 0.05  # tt-inference-server's EvalTaskScore.tolerance

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


def smallest_difference(score: float, *sizes: float) -> float:
    """The smallest true difference, as a share of one, that a two-sided 5 % test finds in 80 % of cases.

    `score` is the share near which both sides lie, `sizes` the effective number of samples behind each
    side that has noise: one size against an exact reference, two for a pair of unpaired runs.
    """
    # Agresti and Coull's two added passes and failures: a score of 0 must not claim perfect eyesight.
    near = (score * sizes[0] + 2) / (sizes[0] + 4)
    return (Z_95 + Z_POWER_80) * sqrt(near * (1 - near) * sum(1 / size for size in sizes))


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
    size = len(counts)
    means: dict[int, list[float]] = {k: [] for k in values}
    for _ in range(RESAMPLES):
        histogram = Counter([counts[int(draw() * size)] for _ in range(size)])
        for k, value in values.items():
            means[k].append(sum(value[count] * times for count, times in histogram.items()) / size)
    return means


# --- two runs -----------------------------------------------------------------------------------


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p of the exact McNemar test: problems only A solved against problems only B solved.

    The binomial test of `only_a` in `only_a + only_b` flips at one half; 1.0 without flips.
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"flips cannot be negative: {only_a}, {only_b}")
    flips = only_a + only_b
    ways = tail = 1
    for i in range(min(only_a, only_b)):
        ways = ways * (flips - i) // (i + 1)
        tail += ways
    return float(min(Fraction(1), Fraction(2 * tail, 1 << flips)))


# --- a reference score --------------------------------------------------------------------------


class AccuracyCheck(IntEnum):
    """tt-inference-server's `accuracy_check` codes."""

    NA = 1
    PASS = 2
    FAIL = 3


class Accuracy(NamedTuple):
    """tt-inference-server's answer: the check, and the score over each reference that exists."""

    check: AccuracyCheck
    ratio_to_reference: float | None
    ratio_to_published: float | None


def accuracy(
    score: Fraction | float, gpu_reference: float | None, published: float | None, tolerance: float = TOLERANCE
) -> Accuracy:
    """tt-inference-server's accuracy rule, unchanged. All scores in percent.

    PASS if score / gpu_reference >= 1 - tolerance (one-sided); without a GPU reference the same against
    the published score; without both NA. A reference that is not above zero counts as none. Decided
    in exact decimals, so that a tie is a pass whatever the rounding of floats.
    """
    exact = _decimal(score)
    ratios = [exact / _decimal(ref) if _usable(ref) and ref is not None else None for ref in (gpu_reference, published)]
    deciding = ratios[0] if ratios[0] is not None else ratios[1]
    check = AccuracyCheck.NA
    if deciding is not None:
        check = AccuracyCheck.PASS if deciding >= 1 - _decimal(tolerance) else AccuracyCheck.FAIL
    to_reference, to_published = (None if ratio is None else float(ratio) for ratio in ratios)
    return Accuracy(check, to_reference, to_published)


def gate_hits(problems: int, reference: float, tolerance: float = TOLERANCE) -> int:
    """The fewest solved problems, one sample each, with which `accuracy` passes. `reference` in percent."""
    return ceil(problems * _decimal(reference) / 100 * (1 - _decimal(tolerance)))


def chance_of_false_fail(problems: int, reference: float, tolerance: float = TOLERANCE) -> float:
    """How often a model exactly as good as the reference fails that gate (binomial, one sample each)."""
    hits = hits_behind(reference, problems)
    share = reference / 100 if hits is None else hits / problems
    return _binomial_cdf(gate_hits(problems, reference, tolerance) - 1, problems, share)


def hits_behind(reference: float, problems: int) -> int | None:
    """The k with reference = 100 k / problems to two decimals, or None: no such run can have made it."""
    if not isfinite(reference):
        return None
    hits = round(reference * problems / 100)
    return hits if 0 <= hits <= problems and abs(100 * hits / problems - reference) <= 0.005 + 1e-9 else None


class Standing(NamedTuple):
    """A score beside a reference that has noise of its own."""

    standing: Literal["above", "below", "not distinguishable"]
    z: float
    p_value: float  # two-sided
    smallest_difference: float  # share of one; smaller true differences mostly stay unseen


def standing(score: float, size: float, reference: float, reference_size: float | None) -> Standing:
    """Whether a share `score` of `size` effective samples differs from `reference`, both as shares of one.

    The two-proportion z test with pooled variance; the reference is a proportion of `reference_size`
    samples, or exact if that is None. Unpaired, as only the reference's total is known: a paired test
    (`mcnemar`) sees smaller differences. "not distinguishable" from p = 0.05 on.
    """
    sizes: tuple[float, ...] = (size,)
    pooled = reference
    if reference_size is not None:
        sizes = (size, reference_size)
        pooled = (score * size + reference * reference_size) / (size + reference_size)
    variance = pooled * (1 - pooled) * sum(1 / s for s in sizes)
    z = (score - reference) / sqrt(variance) if variance > 0 else 0.0
    p_value = erfc(abs(z) / sqrt(2)) if variance > 0 else float(score == reference)
    side: Literal["above", "below", "not distinguishable"] = "not distinguishable"
    if p_value < SIGNIFICANCE:
        side = "above" if score > reference else "below"
    return Standing(side, z, p_value, smallest_difference(reference, *sizes))


def _usable(reference: float | None) -> bool:
    return reference is not None and isfinite(reference) and reference > 0


def _decimal(value: Fraction | float) -> Fraction:
    """The number as it is written: 0.05 is 1/20, not its nearest binary."""
    return value if isinstance(value, Fraction) else Fraction(repr(value))


def _binomial_cdf(hits: int, size: int, share: float) -> float:
    if hits < 0:
        return 0.0
    if hits >= size or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    ways = lgamma(size + 1)
    terms = (
        exp(ways - lgamma(i + 1) - lgamma(size - i + 1) + i * log(share) + (size - i) * log1p(-share))
        for i in range(hits + 1)
    )
    return min(1.0, sum(terms))
