"""Is a run worse than another one, or than a reference, by more than chance? The answer of `farm gate`.

A gate that fails on each dip of a noisy score is switched off by its users; one that only looks at a ratio
lets one equal model in four fail. So FAIL means: lower, and so far that an equal model would come out as low
in `alpha` of cases at most. Each PASS says which loss would have gone unseen.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farm.records import Record, RunId
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.paired import Comparison
from farm.scoring.report import Report
from farm.scoring.statistics import Share

Outcome = Literal["PASS", "FAIL", "INCOMPLETE"]


class Lost(Record):
    """A problem that the run solved less often than the other one."""

    problem_id: str
    before: str  # passed of samples
    now: str
    verdict: str


class Gate(Record):
    """The answer, and what it rests on. Scores are shares of one."""

    schema_version: Literal[1] = 1
    run_id: RunId
    against: str
    rule: Literal["run", "reference", "tt", "sequential"]
    outcome: Outcome
    why: str
    alpha: Annotated[float, Field(gt=0, lt=1)] | None  # None: the rule knows no chance
    p_loss: Share | None = None  # one-sided: how often an equal model comes out so low
    score: Share | None = None
    other: Share | None = None
    problems: int = 0
    asked: int = 0  # problems that were needed
    detectable: Share | None = None  # true loss found in 80 % of cases
    lost: tuple[Lost, ...] = ()
    gained: int = 0

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 incomplete."""
        return {"PASS": 0, "FAIL": 1, "INCOMPLETE": 3}[self.outcome]


def gate_runs(comparison: Comparison, alpha: float) -> Gate:
    """Run b of a comparison of the same measurement against run a, paired by problem.

    ValueError if the two are not the same measurement: then no score may be held against the other.
    """
    if not comparison.same_measurement:
        what = ", ".join(found.what for found in comparison.differences if found.measurement)
        raise ValueError(f"{comparison.run_b} and {comparison.run_a} differ in {what}: not the same measurement")
    test = comparison.test
    lost = tuple(
        Lost(
            problem_id=flip.problem_id,
            before=f"{flip.passed_a}/{flip.samples_a}",
            now=f"{flip.passed_b}/{flip.samples_b}",
            verdict=flip.verdict_b.value,
        )
        for flip in comparison.better_a
    )
    base = Gate(
        run_id=comparison.run_b, against=comparison.run_a, rule="run", outcome="INCOMPLETE", why="", alpha=alpha,
        problems=comparison.problems, asked=comparison.problems, lost=lost, gained=len(comparison.better_b),
    )  # fmt: skip
    if test is None:
        why = f"{comparison.unjudged} of {comparison.problems} common problems are not judged on both sides"
        return base.model_copy(update={"why": why})
    p_loss = _one_sided(test.p_value, lower=test.difference < 0)
    failed = test.difference < 0 and p_loss < alpha
    moved = f"{test.difference * 100:+.2f} points ({len(lost)} problems lost, {len(comparison.better_b)} gained)"
    return base.model_copy(
        update={
            "outcome": "FAIL" if failed else "PASS",
            "why": f"{moved}, {_chance(p_loss, alpha, lower=test.difference < 0)}",
            "p_loss": p_loss,
            "score": test.score_b,
            "other": test.score_a,
            "detectable": test.smallest_difference,
        }
    )


def gate_reference(report: Report, alpha: float, *, tt_rule: bool = False) -> Gate:
    """A run against the reference score that decides its accuracy check.

    By chance, or, with `tt_rule`, by tt-inference-server's accuracy check alone. ValueError if no reference
    score was measured like this run.
    """
    check = report.references
    row = next((r for r in check.rows if r.label == check.decided_by and not r.unlike), None)
    if row is None and report.complete:
        raise ValueError(f"run {report.run_id} has no reference score that was measured like it")
    name = "the reference" if row is None else f"the {row.label.replace('_', ' ')} score {row.score:g} %"
    base = Gate(
        run_id=report.run_id, against=name, rule="tt" if tt_rule else "reference", outcome="INCOMPLETE", why="",
        alpha=None if tt_rule else alpha, problems=report.coverage.problems, asked=report.coverage.problems,
    )  # fmt: skip
    score = report.pass_at_1
    if score is None or row is None:
        why = f"{report.coverage.unjudged} of {report.coverage.planned} samples are not judged"
        return base.model_copy(update={"why": why})
    facts = {"score": score.score, "other": min(1.0, row.score / 100)}
    if tt_rule:
        passed = check.accuracy_check is AccuracyCheck.PASS
        why = f"{score.score * 100:.2f} %, ratio {row.ratio or 0:.3f}, tolerance {check.tolerance:g}"
        return base.model_copy(update={**facts, "outcome": "PASS" if passed else "FAIL", "why": why})
    lower = score.score * 100 < row.score
    p_loss = _one_sided(row.p_value if row.p_value is not None else 1.0, lower=lower)
    visible = None if row.smallest_difference is None else min(1.0, row.smallest_difference / 100)
    return base.model_copy(
        update={
            **facts,
            "outcome": "FAIL" if lower and p_loss < alpha else "PASS",
            "why": f"{score.score * 100 - row.score:+.2f} points, {_chance(p_loss, alpha, lower=lower)}",
            "p_loss": p_loss,
            "detectable": visible,
        }
    )


def _one_sided(p_value: float, *, lower: bool) -> float:
    return p_value / 2 if lower else 1 - p_value / 2


def _chance(p_loss: float, alpha: float, *, lower: bool) -> str:
    if not lower:
        return "no loss"
    if p_loss < alpha:
        return f"more than chance: an equal model falls so low in {p_loss * 100:.2g} % of cases"
    return f"within chance: an equal model falls so low in {p_loss * 100:.2g} % of cases"
