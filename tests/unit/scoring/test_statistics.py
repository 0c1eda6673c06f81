"""The numbers that docs/reports.md promises, with vectors worked out from tt-inference-server's history."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest

from farm.scoring import statistics as st
from farm.scoring.statistics import AccuracyCheck

LLAMA = [(1, 1)] * 147 + [(1, 0)] * 908  # Llama-3.2-3B-Instruct on a GPU: 13.93 % of 1,055


def test_wilson_of_the_reference_run() -> None:
    interval = st.wilson(147 / 1055, 1055)
    assert round(interval.low * 100, 2) == 11.97
    assert round(interval.high * 100, 2) == 16.15
    assert st.intervals(LLAMA, [1])[1] == interval


def test_wilson_at_the_ends() -> None:
    nothing, everything = st.wilson(0, 30), st.wilson(1, 30)
    assert nothing.low == 0 and everything.high == 1
    # z^2 / (n + z^2): known closed form of the other bound
    assert nothing.high == pytest.approx(st.Z_95**2 / (30 + st.Z_95**2))
    assert everything.low == pytest.approx(1 - nothing.high)
    for bad in ((0.5, 0), (1.5, 10), (-0.1, 10)):
        with pytest.raises(ValueError, match="no interval"):
            st.wilson(*bad)


def test_standard_error_of_the_reference_run() -> None:
    error = st.standard_error(LLAMA)
    assert error is not None and round(error * 100, 2) == 1.07
    assert st.standard_error([(5, 2)]) is None
    # clustered: four samples that always agree tell no more than one
    assert st.standard_error([(4, 4 * c) for _, c in LLAMA]) == pytest.approx(error)


def beta_binomial(problems: int, n: int, seed: int) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    rates = [rng.betavariate(0.3, 0.8) for _ in range(problems)]
    return [(n, sum(rng.random() < rate for _ in range(n))) for rate in rates]


def test_bootstrap_by_problem_agrees_with_the_normal_approximation() -> None:
    counts = beta_binomial(400, 10, seed=1)
    mean, error = sum(c for _, c in counts) / 4000, st.standard_error(counts)
    interval = st.intervals(counts, [1, 5])[1]
    assert interval.method == "bootstrap-by-problem"
    assert error is not None
    assert interval.low == pytest.approx(mean - 1.96 * error, abs=0.15 * error)
    assert interval.high == pytest.approx(mean + 1.96 * error, abs=0.15 * error)
    # treating 4,000 samples as independent would claim half that width
    assert interval.high - interval.low > 1.7 * (st.wilson(mean, 4000).high - st.wilson(mean, 4000).low)


def test_bootstrap_is_reproducible() -> None:
    counts = beta_binomial(100, 4, seed=2)
    assert st.intervals(counts, [1, 4], seed=7) == st.intervals(counts, [1, 4], seed=7)
    assert st.intervals(counts, [1, 4], seed=7) != st.intervals(counts, [1, 4], seed=8)


@pytest.mark.parametrize(
    "counts",
    [
        [(4, 0)] * 100,  # nothing solved
        [(4, 4)] * 100,
        [(4, 1)] * 100,  # all alike
        [(4, 2)],
        [(4, 4)] * 5 + [(4, 0)] * 95,  # a rare success
        beta_binomial(10, 4, seed=3),
    ],
)
def test_where_a_bootstrap_is_too_narrow_the_interval_is_wilsons(counts: list[tuple[int, int]]) -> None:
    interval = st.intervals(counts, [1])[1]
    assert interval.method == "wilson-by-problem"
    assert interval.low < sum(c / n for n, c in counts) / len(counts) + 1e-12
    assert interval.high - interval.low > 0.01
    if len(counts) < st.MIN_PROBLEMS or len(set(counts)) == 1:
        assert st.effective_size(counts) == len(counts)


def test_intervals_cover_the_truth() -> None:
    """Of 200 runs on fresh problems about 95 % must hold the true rate; 88 % is 4.5 deviations off."""
    rng = random.Random(4)
    inside = 0
    for _ in range(200):
        rates = [rng.betavariate(0.1, 2) for _ in range(60)]
        counts = [(4, sum(rng.random() < rate for _ in range(4))) for rate in rates]
        interval = st.clustered_wilson(counts)
        inside += interval.low <= 0.1 / 2.1 <= interval.high
    assert inside >= 176


def test_effective_size_lies_between_problems_and_samples() -> None:
    assert st.effective_size(LLAMA) == 1055
    assert st.effective_size([(4, 4 * c) for _, c in LLAMA]) == pytest.approx(1055)
    counts = beta_binomial(400, 10, seed=1)
    assert 400 < st.effective_size(counts) < 4000


def test_smallest_difference() -> None:
    # 80 % power at 5 %: 2.80 standard errors of the difference of two runs near 13.93 %
    assert st.smallest_difference(147 / 1055, 1055, 1055) * 100 == pytest.approx(4.24, abs=0.01)
    assert st.smallest_difference(147 / 1055, 1055) < st.smallest_difference(147 / 1055, 1055, 1055)
    assert st.smallest_difference(0, 20) > 0.1


def test_mcnemar() -> None:
    assert st.mcnemar(0, 0) == 1
    assert st.mcnemar(5, 5) == 1
    assert st.mcnemar(0, 5) == st.mcnemar(5, 0) == 2 / 32
    assert st.mcnemar(1, 9) == pytest.approx(22 / 1024)
    # 18 flips more one way than the other, as between the published n300 run and the reference
    expected = 2 * sum(comb(58, i) for i in range(21)) / 2**58
    assert st.mcnemar(38, 20) == pytest.approx(expected)
    assert 0 < st.mcnemar(3000, 5000) < 1e-100
    with pytest.raises(ValueError, match="negative"):
        st.mcnemar(-1, 0)


# --- the reference check ------------------------------------------------------------------------


def test_accuracy_rule() -> None:
    n300 = st.accuracy(Fraction(12900, 1055), 13.93, None)
    assert n300.check is AccuracyCheck.FAIL and n300.ratio_to_reference is not None
    assert round(n300.ratio_to_reference, 2) == 0.88
    assert st.accuracy(Fraction(14000, 1055), 13.93, None).check is AccuracyCheck.PASS
    assert st.accuracy(Fraction(13900, 1055), 13.93, None).check is AccuracyCheck.FAIL
    assert st.accuracy(99.0, 13.93, None).check is AccuracyCheck.PASS  # one-sided
    assert [check.value for check in AccuracyCheck] == [1, 2, 3]


def test_accuracy_falls_back_to_the_published_score() -> None:
    both = st.accuracy(12.23, 13.93, 5.4)
    assert both.check is AccuracyCheck.FAIL and both.ratio_to_published == pytest.approx(12.23 / 5.4)
    assert st.accuracy(12.23, None, 5.4).check is AccuracyCheck.PASS
    assert st.accuracy(5.0, None, 5.4).check is AccuracyCheck.FAIL
    for absent in (None, 0.0, float("nan")):
        assert st.accuracy(12.23, absent, None) == (AccuracyCheck.NA, None, None)


@pytest.mark.parametrize(("score", "reference"), [(9.5, 10.0), (19.0, 20.0), (28.5, 30.0), (0.95, 1.0), (66.5, 70.0)])
def test_a_tie_passes(score: float, reference: float) -> None:
    assert st.accuracy(score, reference, None, tolerance=0.05).check is AccuracyCheck.PASS


def test_gate() -> None:
    assert st.gate_hits(1055, 13.93) == 140
    assert round(st.chance_of_false_fail(1055, 13.93) * 100, 1) == 25.4
    assert st.gate_hits(20, 100.0) == 19
    assert st.chance_of_false_fail(20, 100.0) == 0
    assert st.chance_of_false_fail(20, 100.0, tolerance=0) == 0


def test_chance_of_false_fail_is_the_exact_binomial() -> None:
    # gate of 50 % on 30 problems: 15 * 0.95 = 14.25, so 15 hits
    exact = sum(comb(30, i) for i in range(15)) / 2**30
    assert st.chance_of_false_fail(30, 50.0) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("percent", "hits"), [(13.93, 147), (17.91, 189), (32.51, 343), (42.46, 448)])
def test_hits_behind_every_gpu_reference(percent: float, hits: int) -> None:
    assert st.hits_behind(percent, 1055) == hits


def test_no_hits_behind_an_impossible_score() -> None:
    assert st.hits_behind(13.93, 20) is None
    assert st.hits_behind(120.0, 20) is None
    assert st.hits_behind(float("inf"), 20) is None


def test_the_published_failure_is_not_distinguishable() -> None:
    place = st.standing(129 / 1055, 1055, 147 / 1055, 1055)
    assert place.standing == "not distinguishable"
    assert round(place.z, 2) == -1.16
    assert round(place.p_value, 2) == 0.25


def test_standing_against_an_exact_reference() -> None:
    # z = (0.1 - 0.1393) / sqrt(0.1393 * 0.8607 / 1055)
    place = st.standing(0.10, 1055, 0.1393, None)
    assert place.standing == "below"
    assert place.z == pytest.approx(-3.686, abs=0.001)
    assert st.standing(0.20, 1055, 0.1393, None).standing == "above"
    assert st.standing(0.0, 10, 0.0, 10).p_value == 1
    flawless = st.standing(0.9, 10, 1.0, None)  # no variance: any miss tells
    assert (flawless.standing, flawless.p_value) == ("below", 0)
    assert flawless.smallest_difference == pytest.approx(0.310, abs=0.001)
