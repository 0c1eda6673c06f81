"""The score of a task that lm-eval scores, and tt-inference-server's accuracy check of it. Pure.

lm-eval gives figures, shares of one under keys such as `exact_match,none`. Which of them are the score, and how several
become one, is said by the eval task (`result_keys`, `score_func`), as tt-inference-server reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from farm.records import Reference
from farm.scoring.accuracy import AccuracyCheck, accuracy, subset_check

SINGLE = "score_task_single_key"  # the first key alone, also where several are named

Key = str | tuple[str, ...]  # of a figure of the task; or of another task: its name, then the key


def score_of(task: str, keys: Sequence[Key], score_func: str, results: Mapping[str, Mapping[str, Any]]) -> float | None:
    """The score of `task` in percent. `results`: figures by task, and by group.

    None if the task does not say which figures are its score, or one of them is missing: tt-inference-server takes the
    first number that it finds instead, which farm does not.
    """
    wanted = keys[:1] if score_func == SINGLE else keys
    places = [(task, key) if isinstance(key, str) else (key[0], key[-1]) for key in wanted]
    values = [results.get(owner, {}).get(key) for owner, key in places]
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers or len(numbers) != len(values) or not all(map(isfinite, numbers)):
        return None
    return 100 * sum(numbers) / len(numbers)


def check(
    score: float | None, references: Sequence[Reference], tolerance: float, documents: int | None
) -> tuple[AccuracyCheck, Reference | None]:
    """tt-inference-server's accuracy check of a score in percent, and the reference that decided it.

    Of the references that can be compared, one of the same documents (`subset`) decides by whole documents, where
    their number is known, else a GPU's score by its ratio, else a published one. NA without any.
    """
    alike = [reference for reference in references if not reference.unlike]
    if score is None or not alike:
        return AccuracyCheck.NA, None
    subset = next((reference for reference in alike if reference.subset), None)
    first = {reference.label: reference for reference in reversed(alike)}
    deciding = subset or first.get("gpu_reference") or first["published"]
    allowed = tolerance if deciding.tolerance is None else deciding.tolerance
    if subset is not None and documents:
        return subset_check(score, documents, subset.score, allowed), subset
    return accuracy(Fraction(repr(score)), deciding.score, None, allowed).check, deciding
