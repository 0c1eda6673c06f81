"""Verdicts in LiveCodeBench's own form, and back: lists of codes with a metadata object.

True (or a positive number) per passed test, then -2 or False wrong answer, -3 time limit, -4 any
error; -5 is no code of a list but the metadata's sign that the grader lost the list. The table is
docs/protocols.md, from LCB `testing_util.py` and `compute_code_generation_metrics.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.records import CaseResult, Verdict

Code = bool | int

_ERROR_DURING = "Error during testing"
_CODES = {Verdict.WRONG_ANSWER: -2, Verdict.TIME_LIMIT: -3}  # every other failure is -4


@dataclass(frozen=True, slots=True)
class LcbResult:
    """One sample as LiveCodeBench's evaluation files hold it."""

    results: tuple[Code, ...]
    metadata: Mapping[str, object]


def to_lcb(verdict: Verdict, cases: Sequence[CaseResult], *, functional: bool) -> LcbResult:
    """What the original grader writes for this verdict. Stops, as it does, at the first failure."""
    if verdict is Verdict.PASSED:
        return LcbResult((True,) * len(cases), {})
    passed: list[Code] = []
    failing: CaseResult | None = None
    for case in cases:
        if case.verdict is not Verdict.PASSED:
            failing = case
            break
        passed.append(True)
    if verdict in (Verdict.SYNTAX_ERROR, Verdict.NO_CODE) or failing is None:
        return LcbResult((-4,), {"error_code": -4, "error_message": _ERROR_DURING})
    if failing.all_lost == "process_end":
        return LcbResult((-2,), {"error_code": -5, "error_message": "TestRunnerError"})
    if failing.all_lost == "error":
        return LcbResult((-4,), {"error_code": -4, "error_message": f"{_ERROR_DURING}: {failing.detail}"})
    code = _CODES.get(verdict, -4)
    metadata: dict[str, object] = {"error_code": code}
    if verdict in (Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT):
        metadata["farm_verdict"] = verdict.value
    last: Code = False if functional and verdict is Verdict.WRONG_ANSWER else code
    return LcbResult((*passed, last), metadata)


def from_lcb(results: Sequence[Code], error_code: int | None = None) -> tuple[Verdict, int | None]:
    """Verdict and index of the first failing test of a recorded list of codes.

    `error_code` is the metadata's, which alone tells a lost list ([-2] with -5: RUNTIME_ERROR, though
    it may have been a time-out) from a wrong answer. [-4] may be a syntax error; it reads as
    RUNTIME_ERROR. An empty list, or a code that the original never writes, is a ValueError.
    """
    if not results:
        raise ValueError("an empty list of results: no test was graded")
    for index, code in enumerate(results):
        if code > 0:
            continue
        if error_code == -5:
            return Verdict.RUNTIME_ERROR, index
        verdict = {0: Verdict.WRONG_ANSWER, -2: Verdict.WRONG_ANSWER, -3: Verdict.TIME_LIMIT, -4: Verdict.RUNTIME_ERROR}
        if code not in verdict:
            raise ValueError(f"unknown result code {code!r} of test {index} (known: True, False, -2, -3, -4)")
        return verdict[code], index
    return Verdict.PASSED, None
