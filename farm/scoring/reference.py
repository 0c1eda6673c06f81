"""A run's score beside the scores that others measured.

Two answers, side by side: tt-inference-server's accuracy check exactly as it decides, and whether the
difference is more than noise. They disagree often: its gate lies 0.65 standard errors below a reference
of 13.93 % on 1,055 problems, so one in four models as good as the reference fails it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from farm.records import Reference
from farm.scoring import statistics
from farm.scoring.passk import mean_pass_at_k
from farm.scoring.report import ReferenceCheck, ReferenceRow


def check_references(
    references: Sequence[Reference], counts: statistics.Counts, tolerance: float = statistics.TOLERANCE
) -> ReferenceCheck:
    """pass@1 of `counts`, (samples, passed) of each problem, against each reference; NA without counts.

    Of several references with one label the first decides the check. A reference that is a whole
    number of this run's problems to two decimals is taken for such a run, with its noise; any other
    is taken as exact, which makes differences look surer than they are.
    """
    score = mean_pass_at_k(counts, 1) * 100 if counts else None
    if score is None:
        answer = statistics.Accuracy(statistics.AccuracyCheck.NA, None, None)
    else:
        answer = statistics.accuracy(
            score, _first(references, "gpu_reference"), _first(references, "published"), tolerance
        )
    deciding: float | None = None
    if answer.ratio_to_reference is not None:
        deciding = _first(references, "gpu_reference")
    elif answer.ratio_to_published is not None:
        deciding = _first(references, "published")
    gate: int | None = None
    false_fail: float | None = None
    if deciding is not None and all(n == 1 for n, _ in counts):
        gate = statistics.gate_hits(len(counts), deciding, tolerance)
        false_fail = statistics.chance_of_false_fail(len(counts), deciding, tolerance)
    return ReferenceCheck(
        accuracy_check=answer.check,
        tolerance=tolerance,
        score=None if score is None else float(score),
        ratio_to_reference=answer.ratio_to_reference,
        ratio_to_published=answer.ratio_to_published,
        gate_hits=gate,
        false_fail=false_fail,
        rows=tuple(_row(reference, counts) for reference in references),
    )


def _first(references: Sequence[Reference], label: Literal["published", "gpu_reference"]) -> float | None:
    return next((reference.score for reference in references if reference.label == label), None)


def _row(reference: Reference, counts: statistics.Counts) -> ReferenceRow:
    problems = len(counts)
    hits = statistics.hits_behind(reference.score, problems) if problems else None
    place: statistics.Standing | None = None
    ratio: float | None = None
    if problems and 0 < reference.score <= 100:
        score = mean_pass_at_k(counts, 1)
        share = reference.score / 100 if hits is None else hits / problems
        ratio = statistics.accuracy(score * 100, reference.score, None).ratio_to_reference
        place = statistics.standing(
            float(score), statistics.effective_size(counts), share, None if hits is None else float(problems)
        )
    return ReferenceRow(
        label=reference.label,
        score=reference.score,
        source=reference.source,
        hits=hits,
        ratio=ratio,
        standing=place.standing if place else None,
        p_value=place.p_value if place else None,
        smallest_difference=place.smallest_difference * 100 if place else None,
    )
