"""Which answers of this process's evaluation have been judged, and how.

`farm.lm_eval.plugin.model` judges while it generates and leaves its verdicts here; for any other model of lm-eval
the task's own filter has the answers judged by `farm.lm_eval.plugin.grading`. The task then only looks up.
"""

from __future__ import annotations

from collections.abc import Iterable

from farm.ids import text_digest
from farm.records import Verdict

Judged = tuple[str, str]  # problem id, SHA-256 of the whole answer

_verdicts: dict[Judged, Verdict] = {}


def judged(problem_id: str, answer: str) -> Judged:
    """The name under which the verdict on an answer is kept."""
    return problem_id, text_digest(answer)


def remember(verdicts: Iterable[tuple[Judged, Verdict]]) -> None:
    """Keep verdicts; equal answers to one problem have one."""
    _verdicts.update(verdicts)


def verdict(problem_id: str, answer: str) -> Verdict | None:
    """The verdict on an answer; None if it was not judged."""
    return _verdicts.get(judged(problem_id, answer))
