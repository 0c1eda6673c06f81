"""How much a score moves when nothing but chance does: the same measurement, made several times.

The n samples of a run, or several runs of the same spec, are repeats. Intervals say how a score would
move on other problems; only repeats show what sampling, batching and the server change on these.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt

from farm.records import Verdict
from farm.scoring.report import Repeats


def repeats(rows: Sequence[Sequence[Verdict]]) -> Repeats | None:
    """What `rows`, the verdicts of each problem by repeat, show; None unless each has the same two or more.

    A problem flips if some repeats passed it and others did not.
    """
    number = len(rows[0]) if rows else 0
    if number < 2 or any(len(row) != number for row in rows):
        return None
    passed = [[verdict is Verdict.PASSED for verdict in row] for row in rows]
    scores = [sum(row[repeat] for row in passed) / len(rows) for repeat in range(number)]
    mean = fsum(scores) / number
    flipped = sum(any(row) and not all(row) for row in passed)
    return Repeats(
        repeats=number,
        problems=len(rows),
        scores=tuple(scores),
        mean=mean,
        deviation=sqrt(fsum((score - mean) ** 2 for score in scores) / (number - 1)),
        flipped=flipped,
        flip_rate=flipped / len(rows),
        verdicts_differ=sum(len(set(row)) > 1 for row in rows),
    )
