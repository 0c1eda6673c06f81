"""pass@k against its definition (every way to draw k of n samples) and against the product formula."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.scoring.passk import LCB_KS, mean_pass_at_k, pass_at_k


@pytest.mark.parametrize("n", range(1, 13))
def test_equals_enumeration(n: int) -> None:
    for k in range(1, n + 1):
        # A draw's lowest member decides: with the c passing samples numbered 0..c-1, it passes if that is below c.
        lowest = [draw[0] for draw in combinations(range(n), k)]
        for c in range(n + 1):
            assert pass_at_k(n, c, k) == Fraction(sum(first < c for first in lowest), len(lowest)), (n, c, k)


def test_equals_the_product_formula_at_200() -> None:
    n, compared = 200, 0
    for k in range(1, n + 1):
        failing = 1.0  # the product over i = n-c+1 ... n of (1 - k/i), one factor more for each c
        for c in range(n + 1):
            if c:
                failing *= 1.0 - k / (n - c + 1)
            product = 1.0 if n - c < k else 1.0 - failing
            assert abs(float(pass_at_k(n, c, k)) - product) <= 1e-12, (c, k)
            compared += 1
    assert compared == 200 * 201


def test_equals_livecodebenchs_formula_at_200() -> None:
    for c in (0, 1, 7, 100, 199, 200):
        for k in LCB_KS[:11]:
            product = 1.0 if 200 - c < k else 1.0 - prod(1.0 - k / i for i in range(200 - c + 1, 201))
            assert float(pass_at_k(200, c, k)) == pytest.approx(product, abs=1e-12), (c, k)


@settings(derandomize=True, deadline=None)
@given(st.data())
def test_grows_with_c_and_with_k(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 300))
    c = data.draw(st.integers(0, n - 1))
    k = data.draw(st.integers(1, n - 1))
    assert 0 <= pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k) <= 1
    assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1)
    assert pass_at_k(n, c, 1) == Fraction(c, n)


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=30)
)
def test_the_mean_ignores_the_order_of_problems(counts: list[tuple[int, int]]) -> None:
    k = min(n for n, _ in counts)
    mean = mean_pass_at_k(counts, k)
    assert mean == mean_pass_at_k(counts[::-1], k)
    assert mean == sum((pass_at_k(n, c, k) for n, c in counts), Fraction(0)) / len(counts)
