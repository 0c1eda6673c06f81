"""Is a run worse than another one, or than a reference, by more than chance? The answer of `farm gate`.

A gate that fails on each dip of a noisy score is switched off by its users; one that only looks at a ratio
lets one equal model in four fail. So FAIL means: lower, and so far that an equal model would come out as low
in `alpha` of cases at most. Each PASS says which loss would have gone unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from farm.records import Count, Record, RunId, Verdict
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.paired import Comparison
from farm.scoring.report import Report
from farm.scoring.statistics import Share

Outcome = Literal["PASS", "FAIL", "INCOMPLETE"]

# Measured differences that say no more than that two runs took other problems of one dataset
_WHICH_PROBLEMS = frozenset({"dataset digest", "problems", "selection", "errata left out"})
_ALLOW = "give the run all of them, or gate on those that it has: --allow-subset"
_LOOK = "look at the answers: farm inspect {} --verdict NO_CODE"


class Lost(Record):
    """A problem that the run solved less often than the other one."""

    problem_id: str
    before: str  # passed of samples
    now: str
    verdict: str


class Covered(Record):
    """How many of the reference's problems the run has samples of."""

    problems: Count
    of: Count

    @property
    def whole(self) -> bool:
        return self.problems >= self.of


class Gate(Record):
    """The answer, and what it rests on. Scores are shares of one."""

    schema_version: Literal[1] = 1
    run_id: RunId
    against: str
    rule: Literal["run", "reference", "tt", "sequential"]
    outcome: Outcome
    why: str
    remedy: str = ""  # of an outcome that is no answer; empty: finish the run
    covered: Covered | None = None  # None: the size of what the run is held against is not known
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


def gate_runs(comparison: Comparison, alpha: float, *, allow_subset: bool = False) -> Gate:
    """Run b of a comparison of the same measurement against run a, paired by problem.

    INCOMPLETE if run b lacks problems of run a, unless `allow_subset`, and if a run holds no program at all.
    ValueError if the two are not the same measurement: then no score may be held against the other.
    """
    _refuse_other_measurement(comparison)
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
    covered = Covered(problems=comparison.problems, of=comparison.problems + comparison.only_in_a)
    base = Gate(
        run_id=comparison.run_b, against=comparison.run_a, rule="run", outcome="INCOMPLETE", why="", alpha=alpha,
        covered=covered, problems=comparison.problems, asked=comparison.problems, lost=lost,
        gained=len(comparison.better_b),
    )  # fmt: skip
    if not covered.whole and not allow_subset:
        return _not_covered(base, covered, f"run {comparison.run_a}")
    if comparison.without_program:
        return without_evidence(base, comparison.without_program[0])
    if test is None:
        why = f"{comparison.unjudged} of {comparison.problems} common problems are not judged on both sides"
        return base.model_copy(update={"why": why})
    p_loss = _one_sided(test.p_value, lower=test.difference < 0)
    failed = test.difference < 0 and p_loss < alpha
    moved = f"{test.difference * 100:+.2f} points ({len(lost)} problems lost, {len(comparison.better_b)} gained)"
    return base.model_copy(
        update={
            "outcome": "FAIL" if failed else "PASS",
            "why": f"{_part(covered)}{moved}, {_chance(p_loss, alpha, lower=test.difference < 0)}",
            "p_loss": p_loss,
            "score": test.score_b,
            "other": test.score_a,
            "detectable": test.smallest_difference,
        }
    )


def gate_reference(report: Report, alpha: float, *, tt_rule: bool = False, allow_subset: bool = False) -> Gate:
    """A run against the reference score that decides its accuracy check.

    By chance, or, with `tt_rule`, by tt-inference-server's accuracy check alone. INCOMPLETE as in `gate_runs`.
    ValueError if no reference score was measured like this run.
    """
    check, cover = report.references, report.coverage
    row = next((r for r in check.rows if r.label == check.decided_by and not r.unlike), None)
    if row is None and report.complete:
        raise ValueError(f"run {report.run_id} has no reference score that was measured like it")
    name = "the reference" if row is None else f"the {row.label.replace('_', ' ')} score {row.score:g} %"
    sampled = cover.problems - cover.problems_without_samples
    size = max(cover.problems, row.problems or 0) if row is not None else cover.problems
    covered = Covered(problems=sampled, of=size)
    base = Gate(
        run_id=report.run_id, against=name, rule="tt" if tt_rule else "reference", outcome="INCOMPLETE", why="",
        alpha=None if tt_rule else alpha, covered=covered, problems=sampled, asked=sampled,
    )  # fmt: skip
    if not covered.whole and not allow_subset:
        return _not_covered(base, covered, name)
    if without_program(report.verdicts):
        return without_evidence(base, report.run_id)
    score = report.pass_at_1
    if score is None or row is None:
        why = f"{cover.unjudged} of {cover.planned} samples are not judged"
        return base.model_copy(update={"why": why})
    facts = {"score": score.score, "other": min(1.0, row.score / 100)}
    if tt_rule:
        passed = check.accuracy_check is AccuracyCheck.PASS
        why = f"{_part(covered)}{score.score * 100:.2f} %, ratio {row.ratio or 0:.3f}, tolerance {check.tolerance:g}"
        return base.model_copy(update={**facts, "outcome": "PASS" if passed else "FAIL", "why": why})
    lower = score.score * 100 < row.score
    p_loss = _one_sided(row.p_value if row.p_value is not None else 1.0, lower=lower)
    moved = f"{_part(covered)}{score.score * 100 - row.score:+.2f} points"
    visible = None if row.smallest_difference is None else min(1.0, row.smallest_difference / 100)
    return base.model_copy(
        update={
            **facts,
            "outcome": "FAIL" if lower and p_loss < alpha else "PASS",
            "why": f"{moved}, {_chance(p_loss, alpha, lower=lower)}",
            "p_loss": p_loss,
            "detectable": visible,
        }
    )


def without_program(verdicts: Mapping[str, int]) -> bool:
    """Whether samples were judged and no program was found in any of them."""
    judged = sum(verdicts.values())
    return judged > 0 and verdicts.get(Verdict.NO_CODE.value, 0) == judged


def without_evidence(gate: Gate, run_id: str) -> Gate:
    """The gate without an answer, because no answer of `run_id` holds a program: that tells of no model."""
    why = f"no answer of run {run_id} holds a program, so its score is no evidence"
    return gate.model_copy(update={"outcome": "INCOMPLETE", "why": why, "remedy": _LOOK.format(run_id)})


def _not_covered(gate: Gate, covered: Covered, of: str) -> Gate:
    why = f"{gate.run_id} holds {covered.problems} of the {covered.of} problems of {of}"
    return gate.model_copy(update={"why": why, "remedy": _ALLOW})


def _part(covered: Covered) -> str:
    return "" if covered.whole else f"on {covered.problems} of {covered.of} problems: "


def _refuse_other_measurement(comparison: Comparison) -> None:
    """ValueError for a measured difference, unless it is which problems of the same dataset were taken."""
    unlike = [found.what for found in comparison.differences if found.measurement]
    selected = {"problems", "selection"} & set(unlike) and not comparison.other_tests
    if selected and comparison.prompts_equal == comparison.prompts_compared and _WHICH_PROBLEMS.issuperset(unlike):
        return
    if unlike:
        raise ValueError(
            f"{comparison.run_b} and {comparison.run_a} differ in {', '.join(unlike)}: not the same measurement"
        )


def _one_sided(p_value: float, *, lower: bool) -> float:
    return p_value / 2 if lower else 1 - p_value / 2


def _chance(p_loss: float, alpha: float, *, lower: bool) -> str:
    if not lower:
        return "no loss"
    if p_loss < alpha:
        return f"more than chance: an equal model falls so low in {p_loss * 100:.2g} % of cases"
    return f"within chance: an equal model falls so low in {p_loss * 100:.2g} % of cases"
