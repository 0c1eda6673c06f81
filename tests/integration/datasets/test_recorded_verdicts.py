"""Programs that LiveCodeBench graded, graded again in mode `lcb`: the same verdict, the same failing test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox
from farm.scoring.lcb_codes import Code, from_lcb, to_lcb
from tests.support.data import shared

OFFICIAL = JudgeSpec(mode="lcb", variant="official")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


@pytest.fixture(scope="module")
def suites() -> dict[str, Suite]:
    """The public tests of the sample's problems."""
    found = {}
    for line in shared("lcb_sample_problems.jsonl").read_text().splitlines():
        row = json.loads(line)
        tests = tuple(TestCase(input=t["input"], output=t["output"]) for t in json.loads(row["public_test_cases"]))
        found[row["question_id"]] = Suite(func_name=json.loads(row["metadata"]).get("func_name"), tests=tests)
    return found


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in shared("lcb_sample_graded_codes.jsonl").read_text().splitlines()]


def recorded(row: dict[str, Any]) -> tuple[bool, int | None, list[Code], int | None]:
    """Passed, first failing test, and of a failure the codes and the error code. The public tests decide both."""
    if row["public_verdict"] == "pass":
        return True, None, [], None
    code = row["error_codes"][0] if row["error_codes"] else None
    return False, from_lcb(row["results"], code)[1], row["results"], code


def graded(result: Evaluation, suite: Suite) -> tuple[bool, int | None, list[Code], int | None]:
    if result.verdict is Verdict.PASSED:
        return True, None, [], None
    written = to_lcb(result.verdict, result.cases, functional=suite.func_name is not None)
    code: Any = written.metadata["error_code"]
    return False, result.first_failure, list(written.results), code


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_recorded_public_verdict(sandbox: Sandbox, suites: dict[str, Suite]) -> None:
    """All rows whose public tests decide, to the code of each test. There is no known difference."""
    different = []
    decided = [(place, row) for place, row in enumerate(rows()) if row["public_verdict"] is not None]
    assert (len(rows()), len(decided)) == (303, 200)
    for place, row in decided:
        suite = suites[row["question_id"]]
        answer = graded(sandbox.evaluate(row["code"], suite, OFFICIAL, Limits()), suite)
        if answer != recorded(row):
            different.append((place, row["question_id"], recorded(row), answer))
    assert different == []
