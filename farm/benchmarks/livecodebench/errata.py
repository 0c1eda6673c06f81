"""LiveCodeBench problems whose verdicts mean little when an answer must be the recorded one, and why.

Judge mode `judge` decides about most of them by the statement's own rule (`answer_rules`).

Sources: the statements of release_v6; LiveCodeBench's ERRATA.md at 28fef95 and LiveCodeBench/LiveCodeBench#106.
ERRATA names LeetCode problems by their slug; the ids are those of release_v6.
"""

from __future__ import annotations

from farm.benchmarks.benchmark import Errata
from farm.benchmarks.livecodebench.answer_rules import RULES
from farm.records import AnswerRule

SEVERAL_ANSWERS = "several answers are right, the tests accept one"
ANY_ORDER = "the items of the answer may come in any order, the tests accept one"
TOLERANCE = "the statement has a tolerance, the tests none"
ANY_CASE = "letter case does not count, the tests accept one"
INTERACTIVE = "interactive: the tests cannot answer the program"
WRONG_TESTS = "some tests are wrong"


def _reason(rule: AnswerRule) -> str:
    if rule.interactive:
        return INTERACTIVE
    if rule.any_order:
        return ANY_ORDER
    if rule.any_case:
        return ANY_CASE
    return TOLERANCE if rule.tolerant else SEVERAL_ANSWERS


ERRATA = Errata(
    version="livecodebench-errata@2",
    problems={
        **{problem_id: _reason(rule) for (_, problem_id), rule in RULES.items()},
        **dict.fromkeys(("arc189_a", "3308", "3363"), WRONG_TESTS),
        "abc350_c": f"{SEVERAL_ANSWERS}; {WRONG_TESTS}",
    },
)
