"""What a run's details hold, on a real ledger and store."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import ConfigError, DigestMismatch
from farm.ledger.ledger import PlannedProblem
from farm.records import SampleKey, Verdict
from farm.results.details import problem_detail, problem_details
from tests.unit.plans import SUITE, SUITE_DIGEST, entry, open_ledger, plan, result, spec, store

ODD = "Ask \ud800 \x00 <b>"


def test_a_sample_has_all_that_was_recorded_of_it(tmp_path: Path) -> None:
    keys = [SampleKey("p1", 0), SampleKey("p1", 1)]
    with open_ledger(tmp_path) as ledger:
        asked = PlannedProblem("p1", "One", "atcoder", "easy", "2024-01-01", None, SUITE_DIGEST, 1, ODD)
        ledger.create_run("run-1", spec(), [asked], keys, [entry(keys[0])])
        ledger.acquire("run-1").record_results([result(keys[0], Verdict.TIME_LIMIT)])
        (found,) = problem_details(ledger, "run-1", store(tmp_path).get)
        assert (found.statement, found.suite, found.tests) == (ODD, SUITE, 1)
        first, second = found.samples
        assert (first.verdict, first.text, first.program) == ("TIME_LIMIT", "```python\nprint(1)\n```", "print(1)")
        assert (second.verdict, second.completion, second.program) == ("UNJUDGED", None, None)
        assert problem_detail(ledger, "run-1", "p1", store(tmp_path).get) == found
        with pytest.raises(ConfigError, match="has no problem p2"):
            problem_detail(ledger, "run-1", "p2", store(tmp_path).get)


def test_tests_that_are_gone_and_older_runs_without_statements_are_shown_as_far_as_they_go(tmp_path: Path) -> None:
    def gone(digest: str) -> bytes:
        raise DigestMismatch(digest)

    with open_ledger(tmp_path) as ledger:
        plan(ledger, "run-1", spec(), samples=1, completed=1)
        (found,) = problem_details(ledger, "run-1", gone)
        assert (found.suite, found.statement, found.samples[0].program) == (None, "", "print(1)")
