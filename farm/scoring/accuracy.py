"""tt-inference-server's accuracy check, and whether a score differs from a reference by more than noise.

Pure. Scores of the check are in percent, as in tt-inference-server; shares of one elsewhere.
"""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from math import ceil, comb, erfc, exp, floor, isfinite, lgamma, log, log1p, sqrt
from typing import Literal, NamedTuple

from farm.records import DEFAULT_TOLERANCE
from farm.scoring.statistics import SIGNIFICANCE, smallest_difference

TOLERANCE = DEFAULT_TOLERANCE
FEW = 5  # Cochran's rule: with fewer expected passes or failures the normal approximation does not hold


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
    the published score; without both NA. A reference that is not `usable` counts as none. Decided
    in exact decimals, so that a tie is a pass whatever the rounding of floats.
    """
    exact = _decimal(score)
    ratios = [exact / _decimal(ref) if usable(ref) and ref is not None else None for ref in (gpu_reference, published)]
    deciding = ratios[0] if ratios[0] is not None else ratios[1]
    check = AccuracyCheck.NA
    if deciding is not None:
        check = AccuracyCheck.PASS if deciding >= 1 - _decimal(tolerance) else AccuracyCheck.FAIL
    to_reference, to_published = (None if ratio is None else float(ratio) for ratio in ratios)
    return Accuracy(check, to_reference, to_published)


def gate_hits(problems: int, reference: float, tolerance: float = TOLERANCE) -> int:
    """The fewest solved problems, one sample each, with which `accuracy` passes. `reference` in percent."""
    return ceil(problems * _decimal(reference) / 100 * (1 - _decimal(tolerance)))


def subset_check(score: float, documents: int, reference: float, tolerance: float = TOLERANCE) -> AccuracyCheck:
    """tt-inference-server's rule for a reference that was measured on the same few documents. Scores in percent.

    PASS if the documents solved are at least floor(documents * reference * (1 - tolerance)): the whole number lets a
    small set lose what would be a fraction of a document (tenstorrent/tt-inference-server#4424).
    """
    wanted = floor(documents * _decimal(reference) / 100 * (1 - _decimal(tolerance)))
    solved = round(_decimal(score) / 100 * documents)
    return AccuracyCheck.PASS if solved >= wanted else AccuracyCheck.FAIL


def chance_of_false_fail(problems: int, reference: float, share: float, tolerance: float = TOLERANCE) -> float:
    """How often a model that truly solves `share` of all such problems fails that gate (binomial, one sample each)."""
    return _binomial_cdf(gate_hits(problems, reference, tolerance) - 1, problems, share)


def hits_behind(reference: float, problems: int) -> int | None:
    """The k with reference = 100 k / problems to two decimals, or None: no such run can have made it."""
    if not isfinite(reference):
        return None
    hits = round(reference * problems / 100)
    return hits if 0 <= hits <= problems and abs(100 * hits / problems - reference) <= 0.005 + 1e-9 else None


class Standing(NamedTuple):
    """A score compared with a reference that may be noisy too."""

    standing: Literal["above", "below", "not distinguishable"]
    z: float
    p_value: float  # two-sided
    test: Literal["z", "exact"]
    smallest_difference: float | None  # share of one; smaller true differences mostly stay unseen


def standing(score: float, size: float, reference: float, reference_size: float | None) -> Standing:
    """Whether a share `score` of `size` effective samples differs from `reference`, both as shares of one.

    The reference is a proportion of `reference_size` samples, or exact if that is None. The z test of two
    proportions with pooled variance, or of one; where fewer than FEW passes or failures are expected on a
    side, Fisher's or the binomial test instead, at sizes rounded down. Unpaired, as only the reference's
    total is known: a paired test (`farm.scoring.paired`) sees smaller differences. "not distinguishable"
    from p = 0.05 on.
    """
    sizes: tuple[float, ...] = (size,)
    pooled = reference
    if reference_size is not None:
        sizes = (size, reference_size)
        pooled = (score * size + reference * reference_size) / (size + reference_size)
    variance = pooled * (1 - pooled) * sum(1 / each for each in sizes)
    z = (score - reference) / sqrt(variance) if variance > 0 else 0.0
    few = min(sizes) * min(pooled, 1 - pooled) < FEW
    p_value = _exact_p(score, size, reference, reference_size) if few else erfc(abs(z) / sqrt(2))
    side: Literal["above", "below", "not distinguishable"] = "not distinguishable"
    if p_value < SIGNIFICANCE:
        side = "above" if score > reference else "below"
    return Standing(side, z, p_value, "exact" if few else "z", smallest_difference(reference, *sizes))


def usable(reference: float | None) -> bool:
    """Whether a reference score in percent can be compared with: above 0, up to 100."""
    return reference is not None and isfinite(reference) and 0 < reference <= 100


def _exact_p(score: float, size: float, reference: float, reference_size: float | None) -> float:
    """Twice the smaller tail: binomial against an exact reference, hypergeometric (Fisher) against a counted one."""
    own = int(size)
    hits = round(score * own)
    if reference_size is None:
        below, above = _binomial_cdf(hits, own, reference), 1 - _binomial_cdf(hits - 1, own, reference)
        return min(1.0, 2 * min(below, above))
    other = int(reference_size)
    total = hits + round(reference * other)
    ways = [comb(own, i) * comb(other, total - i) for i in range(max(0, total - other), hits + 1)]
    every = comb(own + other, total)
    return float(min(Fraction(1), 2 * min(Fraction(sum(ways), every), 1 - Fraction(sum(ways[:-1]), every))))


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
