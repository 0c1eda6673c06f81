"""pass@k: the chance that at least one of k samples of a problem passes, estimated without bias.

From n samples of which c passed, the estimate is 1 - C(n-c, k) / C(n, k) (Chen et al. 2021,
"Evaluating Large Language Models Trained on Code"; LiveCodeBench's `pass_k_utils.py`). It is computed
exactly, as a Fraction, so that a report can be compared digit for digit; the naive 1 - (1 - c/n)^k is
biased and the product form in floats loses digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import comb

LCB_KS = (1, 5, 10, 20, 40, 50, 75, 100, 125, 150, 200, 500, 1000)
"""The k that LiveCodeBench reports."""


def pass_at_k(n: int, c: int, k: int) -> Fraction:
    """Chance that k samples drawn without replacement from n, c of which passed, hold a passing one.

    Exact. ValueError, which says which, for k < 1, k > n, c < 0 or c > n.
    """
    if k < 1:
        raise ValueError(f"k < 1: pass@{k} means nothing")
    if k > n:
        raise ValueError(f"k > n: pass@{k} needs at least {k} samples of a problem, there are {n}")
    if c < 0:
        raise ValueError(f"c < 0: {c} samples cannot have passed")
    if c > n:
        raise ValueError(f"c > n: {c} of {n} samples cannot have passed")
    return 1 - Fraction(comb(n - c, k), comb(n, k))


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> Fraction:
    """Mean over problems of `pass_at_k`; `counts` holds (n samples, c passed) of each problem.

    Exact. n may differ between problems; ValueError if k exceeds the smallest, or without problems.
    """
    if not counts:
        raise ValueError("pass@k of no problems means nothing")
    # Few (n, c) are distinct, so a run of any size costs a handful of Fractions.
    total = sum((problems * pass_at_k(n, c, k) for (n, c), problems in Counter(counts).items()), Fraction(0))
    return total / len(counts)


def default_ks(n: int) -> tuple[int, ...]:
    """The k to report for n samples of each problem: LiveCodeBench's up to n (1 among them), and n itself."""
    if n < 1:
        raise ValueError(f"n < 1: no pass@k exists for {n} samples")
    return tuple(sorted({k for k in LCB_KS if k <= n} | {n}))
