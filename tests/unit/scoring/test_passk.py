from __future__ import annotations

from fractions import Fraction

import pytest

from farm.scoring.passk import LCB_KS, default_ks, mean_pass_at_k, pass_at_k


def test_is_exact() -> None:
    assert pass_at_k(10, 3, 1) == Fraction(3, 10)
    assert pass_at_k(10, 3, 5) == Fraction(11, 12)
    assert pass_at_k(10, 1, 10) == 1
    assert pass_at_k(10, 0, 10) == 0


@pytest.mark.parametrize(
    ("n", "c", "k", "said"),
    [(2, 1, 3, "k > n"), (2, 3, 1, "c > n"), (2, 1, 0, "k < 1"), (2, -1, 1, "c < 0"), (0, 0, 1, "k > n")],
)
def test_refuses_what_means_nothing(n: int, c: int, k: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        pass_at_k(n, c, k)


def test_the_mean_is_over_problems_not_samples() -> None:
    assert mean_pass_at_k([(10, 10), (2, 0)], 1) == Fraction(1, 2)
    assert mean_pass_at_k([(3, 1), (3, 1), (3, 2)], 2) == (2 * Fraction(2, 3) + 1) / 3


def test_the_mean_refuses_k_above_the_smallest_n() -> None:
    with pytest.raises(ValueError, match=r"k > n.*there are 2"):
        mean_pass_at_k([(10, 10), (2, 0)], 3)
    with pytest.raises(ValueError, match="no problems"):
        mean_pass_at_k([], 1)


def test_default_ks_are_livecodebenchs_and_n() -> None:
    assert default_ks(1) == (1,)
    assert default_ks(2) == (1, 2)
    assert default_ks(10) == (1, 5, 10)
    assert default_ks(12) == (1, 5, 10, 12)
    assert default_ks(2000) == (*LCB_KS, 2000)
    with pytest.raises(ValueError, match="n < 1"):
        default_ks(0)
