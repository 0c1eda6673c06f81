"""Repeats: how a score moves when nothing but chance does."""

from __future__ import annotations

import pytest

from farm.records import Verdict
from farm.scoring.repeats import repeats

P, W, T = Verdict.PASSED, Verdict.WRONG_ANSWER, Verdict.TIME_LIMIT


def test_mean_deviation_and_flips() -> None:
    found = repeats([[P, P, P], [P, W, P], [W, T, W], [W, W, W]])
    assert found is not None
    assert (found.repeats, found.problems) == (3, 4)
    assert found.scores == (0.5, 0.25, 0.5)
    assert found.mean == pytest.approx(5 / 12)
    assert found.deviation == pytest.approx((2 * (1 / 12) ** 2 + (1 / 6) ** 2) ** 0.5 / 2**0.5)
    assert (found.flipped, found.flip_rate) == (1, 0.25)
    assert found.verdicts_differ == 2  # wrong answer or time limit: it moves no score, but it is not the same


def test_the_published_pair_of_equal_builds() -> None:
    """tenstorrent/tt-inference-server#4752: 66.36 and 63.59 from one build, 77 flips."""
    rows = [[P, W]] * 52 + [[W, P]] * 25 + [[P, P]] * 596 + [[W, W]] * 303
    found = repeats(rows)
    assert found is not None
    assert (found.flipped, found.problems) == (77, 976)
    assert found.deviation == pytest.approx(abs(found.scores[0] - found.scores[1]) / 2**0.5)


@pytest.mark.parametrize("rows", [[], [[P], [W]], [[P, W], [P]], [[]]])
def test_without_two_of_each_there_are_no_repeats(rows: list[list[Verdict]]) -> None:
    assert repeats(rows) is None
