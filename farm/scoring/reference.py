"""A run's score compared with the scores that others measured.

Two answers, side by side: tt-inference-server's accuracy check exactly as it decides, and whether the
difference is more than noise. They disagree often: its gate lies 0.65 standard errors below a reference
of 13.93 % on 1,055 problems, so one in four models as good as the reference fails it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from farm.records import Reference
from farm.scoring import accuracy, statistics
from farm.scoring.passk import mean_pass_at_k
from farm.scoring.report import ReferenceCheck, ReferenceRow

Label = Literal["published", "gpu_reference"]


def check_references(
    references: Sequence[Reference], counts: statistics.Counts, tolerance: float = accuracy.TOLERANCE
) -> ReferenceCheck:
    """pass@1 of `counts`, (samples, passed) of each problem, against each reference; NA without counts.

    A reference that was measured otherwise (`unlike`) is listed and compared with nothing. Of several
    others with one label the first decides the check.
    """
    alike = [reference for reference in references if not reference.unlike]
    scores: dict[Label, float | None] = {
        "gpu_reference": next((r.score for r in alike if r.label == "gpu_reference"), None),
        "published": next((r.score for r in alike if r.label == "published"), None),
    }
    if not counts:
        answer, score = accuracy.Accuracy(accuracy.AccuracyCheck.NA, None, None), None
    else:
        score = mean_pass_at_k(counts, 1) * 100
        answer = accuracy.accuracy(score, scores["gpu_reference"], scores["published"], tolerance)
    label: Label | None = None
    if answer.ratio_to_reference is not None:
        label = "gpu_reference"
    elif answer.ratio_to_published is not None:
        label = "published"
    gate: int | None = None
    false_fail: float | None = None
    deciding = next((r for r in alike if r.label == label), None)
    if deciding is not None and all(n == 1 for n, _ in counts):
        gate = accuracy.gate_hits(len(counts), deciding.score, tolerance)
        share = _behind(deciding, len(counts)).share
        false_fail = accuracy.chance_of_false_fail(len(counts), deciding.score, share, tolerance)
    return ReferenceCheck(
        accuracy_check=answer.check,
        decided_by=label,
        tolerance=tolerance,
        score=None if score is None else float(score),
        ratio_to_reference=answer.ratio_to_reference,
        ratio_to_published=answer.ratio_to_published,
        gate_hits=gate,
        false_fail=false_fail,
        rows=tuple(_row(reference, counts) for reference in references),
    )


class _Behind(NamedTuple):
    """What a reference score was made of."""

    share: float
    hits: int | None
    problems: int | None  # None: taken as exact


def _behind(reference: Reference, problems: int) -> _Behind:
    """As the reference states it; else a run of this size, if its score is such a count to two decimals; else exact."""
    if reference.problems is not None and reference.hits is not None:
        return _Behind(reference.hits / reference.problems, reference.hits, reference.problems)
    size = reference.problems or problems
    hits = accuracy.hits_behind(reference.score, size) if size else None
    if hits is not None:
        return _Behind(hits / size, hits, size)
    return _Behind(reference.score / 100, None, reference.problems)


def _row(reference: Reference, counts: statistics.Counts) -> ReferenceRow:
    behind = _behind(reference, len(counts))
    place: accuracy.Standing | None = None
    ratio: float | None = None
    if counts and accuracy.usable(reference.score) and not reference.unlike:
        score = mean_pass_at_k(counts, 1)
        ratio = accuracy.accuracy(score * 100, reference.score, None).ratio_to_reference
        size = None if behind.problems is None else float(behind.problems)
        place = accuracy.standing(float(score), statistics.effective_size(counts), behind.share, size)
    visible = place.smallest_difference if place else None
    return ReferenceRow(
        label=reference.label,
        score=reference.score,
        source=reference.source,
        unlike=reference.unlike,
        hits=behind.hits,
        problems=behind.problems,
        ratio=ratio,
        standing=place.standing if place else None,
        test=place.test if place else None,
        p_value=place.p_value if place else None,
        smallest_difference=None if visible is None else visible * 100,
    )
