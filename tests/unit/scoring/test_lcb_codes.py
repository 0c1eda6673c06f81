"""Verdicts in LiveCodeBench's form: the table of docs/protocols.md, section 10."""

from __future__ import annotations

from typing import Literal

import pytest

from farm.records import CaseResult, Verdict
from farm.scoring.lcb_codes import Code, from_lcb, to_lcb

Lost = Literal["error", "process_end"] | None


def cases(*verdicts: Verdict, detail: str = "", lost: Lost = None) -> list[CaseResult]:
    return [
        CaseResult(index=index, verdict=verdict)
        if verdict is Verdict.PASSED
        else CaseResult(index=index, verdict=verdict, detail=detail, all_lost=lost)
        for index, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("verdict", "lost", "functional", "results", "error_code"),
    [
        (Verdict.WRONG_ANSWER, None, False, (True, -2), -2),
        (Verdict.WRONG_ANSWER, None, True, (True, False), -2),
        (Verdict.TIME_LIMIT, None, False, (True, -3), -3),
        (Verdict.RUNTIME_ERROR, None, False, (True, -4), -4),
        (Verdict.MEMORY_LIMIT, None, False, (True, -4), -4),
        (Verdict.OUTPUT_LIMIT, None, True, (True, -4), -4),
        (Verdict.SYNTAX_ERROR, None, False, (-4,), -4),
        (Verdict.NO_CODE, None, True, (-4,), -4),
        (Verdict.RUNTIME_ERROR, "error", False, (-4,), -4),
        (Verdict.RUNTIME_ERROR, "process_end", False, (-2,), -5),
        (Verdict.TIME_LIMIT, "process_end", True, (-2,), -5),
        (Verdict.SANDBOX_BROKEN, "process_end", False, (-2,), -5),
    ],
)
def test_failures(verdict: Verdict, lost: Lost, functional: bool, results: tuple[Code, ...], error_code: int) -> None:
    written = to_lcb(verdict, cases(Verdict.PASSED, verdict, lost=lost), functional=functional)
    assert written.results == results
    assert [type(code) for code in written.results] == [type(code) for code in results]
    assert written.metadata["error_code"] == error_code


def test_an_error_outside_the_tests_is_told_in_the_original_s_words() -> None:
    lost = cases(Verdict.RUNTIME_ERROR, detail="NameError: x while loading", lost="error")
    written = to_lcb(Verdict.RUNTIME_ERROR, lost, functional=False)
    assert written.metadata["error_message"] == "Error during testing: NameError: x while loading"


def test_the_detail_s_words_decide_nothing() -> None:
    said = cases(Verdict.PASSED, Verdict.RUNTIME_ERROR, detail="process ended: signal 11")
    assert to_lcb(Verdict.RUNTIME_ERROR, said, functional=False).results == (True, -4)


def test_passed() -> None:
    written = to_lcb(Verdict.PASSED, cases(Verdict.PASSED, Verdict.PASSED), functional=False)
    assert written.results == (True, True)
    assert "error_code" not in written.metadata


def test_the_original_stops_at_the_first_failure() -> None:
    three = cases(Verdict.PASSED, Verdict.WRONG_ANSWER, Verdict.PASSED)
    assert to_lcb(Verdict.WRONG_ANSWER, three, functional=False).results == (True, -2)


def test_farm_s_own_verdict_stays_visible() -> None:
    written = to_lcb(Verdict.MEMORY_LIMIT, cases(Verdict.MEMORY_LIMIT), functional=False)
    assert written.metadata["farm_verdict"] == "MEMORY_LIMIT"


@pytest.mark.parametrize(
    ("results", "error_code", "read"),
    [
        ([True, True], None, (Verdict.PASSED, None)),
        ([1, 2.0], None, (Verdict.PASSED, None)),
        ([True, False], -2, (Verdict.WRONG_ANSWER, 1)),
        ([-2], -2, (Verdict.WRONG_ANSWER, 0)),
        ([True, -3], -3, (Verdict.TIME_LIMIT, 1)),
        ([True, True, -4], -4, (Verdict.RUNTIME_ERROR, 2)),
        ([-2], -5, (Verdict.RUNTIME_ERROR, 0)),
    ],
)
def test_read_back(results: list[Code], error_code: int | None, read: tuple[Verdict, int | None]) -> None:
    assert from_lcb(results, error_code) == read


@pytest.mark.parametrize("results", [[], [True, -1], [-7]])
def test_what_the_original_never_writes_is_refused(results: list[Code]) -> None:
    with pytest.raises(ValueError, match=r"no test|unknown result code"):
        from_lcb(results)
