"""Whether a program's verdict is a matter of luck: it is judged several times, and the verdicts are counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from farm.records import VerdictCount
from farm.sandbox.api import Evaluation


def judged_repeatedly(evaluate: Callable[[], Evaluation], repeats: int) -> Evaluation:
    """The first of `repeats` evaluations, marked with all verdicts if they differ.

    All are made, so that the counts say how often each verdict comes. Only the first one's cases are kept. Raises
    what `evaluate` raises.
    """
    first = evaluate()
    seen = Counter([(first.verdict, first.first_failure)])
    for _ in range(repeats - 1):
        again = evaluate()
        seen[again.verdict, again.first_failure] += 1
    if len(seen) == 1:
        return first
    counts = tuple(
        VerdictCount(verdict=verdict, first_failure=test, times=times) for (verdict, test), times in seen.items()
    )
    return replace(first, verdicts_seen=counts)
