"""tt-inference-server's check, and farm's third answer, with the numbers of its history."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from farm.scoring import accuracy as acc
from farm.scoring.accuracy import AccuracyCheck


def test_accuracy_rule() -> None:
    n300 = acc.accuracy(Fraction(12900, 1055), 13.93, None)
    assert n300.check is AccuracyCheck.FAIL and n300.ratio_to_reference is not None
    assert round(n300.ratio_to_reference, 2) == 0.88
    assert acc.accuracy(Fraction(14000, 1055), 13.93, None).check is AccuracyCheck.PASS
    assert acc.accuracy(Fraction(13900, 1055), 13.93, None).check is AccuracyCheck.FAIL
    assert acc.accuracy(99.0, 13.93, None).check is AccuracyCheck.PASS  # one-sided
    assert [check.value for check in AccuracyCheck] == [1, 2, 3]


def test_accuracy_falls_back_to_the_published_score() -> None:
    both = acc.accuracy(12.23, 13.93, 5.4)
    assert both.check is AccuracyCheck.FAIL and both.ratio_to_published == pytest.approx(12.23 / 5.4)
    assert acc.accuracy(12.23, None, 5.4).check is AccuracyCheck.PASS
    assert acc.accuracy(5.0, None, 5.4).check is AccuracyCheck.FAIL
    for absent in (None, 0.0, -5.0, 139.3, float("nan"), float("inf")):
        assert acc.accuracy(12.23, absent, None) == (AccuracyCheck.NA, None, None)


@pytest.mark.parametrize(("score", "reference"), [(9.5, 10.0), (19.0, 20.0), (28.5, 30.0), (0.95, 1.0), (66.5, 70.0)])
def test_a_tie_passes(score: float, reference: float) -> None:
    assert acc.accuracy(score, reference, None, tolerance=0.05).check is AccuracyCheck.PASS


def test_gate() -> None:
    assert acc.gate_hits(1055, 13.93) == 140
    assert round(acc.chance_of_false_fail(1055, 13.93, 147 / 1055) * 100, 1) == 25.4
    assert acc.gate_hits(20, 100.0) == 19
    assert acc.chance_of_false_fail(20, 100.0, 1.0) == 0
    assert acc.chance_of_false_fail(20, 100.0, 1.0, tolerance=0) == 0


def test_chance_of_false_fail_is_the_exact_binomial() -> None:
    # gate of 50 % on 30 problems: 15 * 0.95 = 14.25, so 15 hits
    exact = sum(comb(30, i) for i in range(15)) / 2**30
    assert acc.chance_of_false_fail(30, 50.0, 0.5) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("percent", "hits"), [(13.93, 147), (17.91, 189), (32.51, 343), (42.46, 448)])
def test_hits_behind_every_gpu_reference(percent: float, hits: int) -> None:
    assert acc.hits_behind(percent, 1055) == hits


def test_no_hits_behind_an_impossible_score() -> None:
    assert acc.hits_behind(13.93, 20) is None
    assert acc.hits_behind(120.0, 20) is None
    assert acc.hits_behind(float("inf"), 20) is None


def test_the_published_failure_is_not_distinguishable() -> None:
    place = acc.standing(129 / 1055, 1055, 147 / 1055, 1055)
    assert place.standing == "not distinguishable"
    assert place.test == "z"
    assert round(place.z, 2) == -1.16
    assert round(place.p_value, 2) == 0.25


def test_standing_against_an_exact_reference() -> None:
    # z = (0.1 - 0.1393) / sqrt(0.1393 * 0.8607 / 1055)
    place = acc.standing(0.10, 1055, 0.1393, None)
    assert place.standing == "below"
    assert place.z == pytest.approx(-3.686, abs=0.001)
    assert acc.standing(0.20, 1055, 0.1393, None).standing == "above"
    assert acc.standing(0.0, 10, 0.0, 10).p_value == 1
    flawless = acc.standing(0.9, 10, 1.0, None)  # no variance: any miss tells
    assert (flawless.standing, flawless.p_value, flawless.test) == ("below", 0, "exact")
    assert flawless.smallest_difference == pytest.approx(0.310, abs=0.001)


def test_few_expected_passes_need_an_exact_test() -> None:
    """One hit of ten against an exact 1 %: the normal approximation would call that above, p = 0.004."""
    place = acc.standing(0.1, 10, 0.01, None)
    assert (place.standing, place.test) == ("not distinguishable", "exact")
    assert place.p_value == pytest.approx(2 * (1 - 0.99**10))
    assert place.z > 2.8
    # Fisher, twice the smaller tail: all 4 passes of 2 x 10 samples on one side
    fisher = acc.standing(0.4, 10, 0.0, 10)
    assert (fisher.standing, fisher.test) == ("not distinguishable", "exact")
    assert fisher.p_value == pytest.approx(2 * comb(10, 4) / comb(20, 4))
    assert acc.standing(0.9, 10, 0.0, 10).p_value == pytest.approx(2 * comb(10, 9) / comb(20, 9))
    assert acc.standing(1.0, 10, 1.0, None).p_value == 1


@pytest.mark.parametrize("size", [1.0, 3.0, 7.4, 400.0])
@pytest.mark.parametrize("reference_size", [None, 1.0, 1055.0])
@pytest.mark.parametrize("reference", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_a_standing_is_always_a_probability(
    score: float, size: float, reference: float, reference_size: float | None
) -> None:
    place = acc.standing(score, size, reference, reference_size)
    assert 0 <= place.p_value <= 1
    assert place.smallest_difference is None or 0 < place.smallest_difference <= 1
    if score == reference:
        assert place.standing == "not distinguishable"
