"""The score of a run that lm-eval scores, and tt-inference-server's accuracy check of it. Pure.

lm-eval gives figures, shares of one under keys such as `exact_match,none`. Which of them are the score, and how several
become one, is said by the eval task (`HarnessRef.result_keys`, `score_func`), as tt-inference-server reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from farm.records import HarnessRef, Reference
from farm.scoring.accuracy import AccuracyCheck, accuracy, subset_check

SINGLE = "score_task_single_key"  # the first key alone, also where several are named


def score_of(harness: HarnessRef, figures: Mapping[str, Any]) -> float | None:
    """The score in percent; None if the task does not say which figures it is, or one of them is missing.

    tt-inference-server takes the first number that it finds in place of a missing key, which farm does not.
    """
    keys = harness.result_keys[:1] if harness.score_func == SINGLE else harness.result_keys
    values = [figures.get(key) for key in keys]
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers or len(numbers) != len(values) or not all(map(isfinite, numbers)):
        return None
    return 100 * sum(numbers) / len(numbers)


def check(
    score: float | None, references: Sequence[Reference], tolerance: float, documents: int
) -> tuple[AccuracyCheck, Reference | None]:
    """tt-inference-server's accuracy check of a score in percent, and the reference that decided it.

    Of the references that can be compared, one of the same documents (`subset`) decides by whole documents, else a
    GPU's score by its ratio, else a published one. NA without any.
    """
    alike = [reference for reference in references if not reference.unlike]
    subset = next((reference for reference in alike if reference.subset), None)
    if score is None or not alike:
        return AccuracyCheck.NA, None
    if subset is not None:
        allowed = tolerance if subset.tolerance is None else subset.tolerance
        return subset_check(score, documents, subset.score, allowed), subset
    first = {reference.label: reference for reference in reversed(alike)}
    deciding = first.get("gpu_reference") or first["published"]
    allowed = tolerance if deciding.tolerance is None else deciding.tolerance
    return accuracy(Fraction(repr(score)), deciding.score, None, allowed).check, deciding
