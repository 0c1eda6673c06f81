"""The numbers that docs/reports.md promises, with vectors worked out from tt-inference-server's history."""

from __future__ import annotations

import random

import pytest

from farm.scoring import statistics as st

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
    two, one, none_solved = (
        st.smallest_difference(*sizes) for sizes in ((147 / 1055, 1055, 1055), (147 / 1055, 1055), (0, 20))
    )
    assert two is not None and one is not None and none_solved is not None
    assert two * 100 == pytest.approx(4.24, abs=0.01)
    assert one < two
    assert none_solved > 0.1


def test_no_difference_can_be_seen_where_none_so_large_exists() -> None:
    assert st.smallest_difference(0.5, 1, 1) is None
    assert st.smallest_difference(0.5, 10, 10) is None
    seen = st.smallest_difference(0.5, 20, 20)
    assert seen is not None and 0.4 < seen < 0.5
