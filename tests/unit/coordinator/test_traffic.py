"""What those who watch a run are told of its servers and of its score so far."""

from __future__ import annotations

import pytest

from farm.coordinator.open_work import OpenWork
from farm.coordinator.traffic import Traffic
from farm.ledger.ledger import PlannedProblem
from farm.records import UNSANDBOXED_LABEL, SampleKey


def test_tokens_waits_and_failures() -> None:
    traffic = Traffic()
    assert traffic.tokens_per_s() == 0.0 and traffic.ttft_s() is None
    for wait_s in (0.1, 0.2, 5.0, None):
        traffic.answer(100, wait_s)
    for kind in ("Stalled", "ConnectionLost", "Stalled"):
        traffic.failure(kind)
    assert traffic.tokens == 400 and traffic.tokens_per_s() > 0
    assert traffic.ttft_s() == 0.2
    assert traffic.failures == {"Stalled": 2, "ConnectionLost": 1}


def test_the_score_so_far_is_a_mean_over_problems_and_leaves_out_what_ran_without_walls() -> None:
    problems = {name: PlannedProblem(name, "", "", "easy", "", None, "0" * 64, 1) for name in "abc"}
    tally = OpenWork(problems)
    assert tally.score() is None
    for name, verdict in [
        ("a", "PASSED"),
        ("a", "PASSED"),
        ("a", "WRONG_ANSWER"),
        ("b", "NO_CODE"),
        ("c", UNSANDBOXED_LABEL),
    ]:
        tally.judged(SampleKey(name, 0), verdict)
    value, low, high = tally.score() or [0.0, 0.0, 0.0]
    assert value == pytest.approx(1 / 3) and 0 <= low < value < high <= 1
    assert tally.verdicts == {"PASSED": 2, "WRONG_ANSWER": 1, "NO_CODE": 1, UNSANDBOXED_LABEL: 1}
