"""A sequential gate's run: stored runs become its plan, and what is recorded so far becomes a decision.

The run asks the problems of the stored one in the order that tells most first. Only results without a gap
before them count: answers that happen to come first are the short ones, and would bias the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from farm.errors import ConfigError, RunIncomplete
from farm.ledger import history
from farm.ledger.ledger import Ledger
from farm.records import RunSpec, SampleKey, SampleResult
from farm.results.reporting import judged_samples
from farm.scoring.aggregate import public_spec
from farm.scoring.differences import differences
from farm.scoring.gate import Gate
from farm.scoring.report import Versions
from farm.scoring.sequential import SequentialPlan, SequentialTest, plan_sequential

_ALIKE = Versions(farm="", python="")


def stored_results(ledger: Ledger, runs: Sequence[str]) -> dict[str, list[bool]]:
    """The results of each problem over runs, oldest run first, by problem.

    ConfigError if the runs are not one measurement (however many samples each took) or have other problems;
    RunIncomplete if a sample is not judged.
    """
    first = ledger.run(runs[0]).spec
    found: dict[str, list[bool]] = {}
    for run_id in runs:
        spec = ledger.run(run_id).spec
        check_alike(runs[0], first, run_id, spec)
        for outcome in judged_samples(ledger, run_id):
            if not isinstance(outcome, SampleResult):
                raise RunIncomplete(f"run {run_id} is not judged whole", remedy=f"finish it: farm resume {run_id}")
            found.setdefault(outcome.key.problem_id, []).append(outcome.passed)
    return found


def check_alike(name: str, spec: RunSpec, other_name: str, other: RunSpec) -> None:
    """ConfigError if two runs do not measure the same, apart from the number of samples of a problem."""
    one_each = {"sampling": spec.sampling.model_copy(update={"n": other.sampling.n})}
    same_n = spec.model_copy(update=one_each)
    unlike = [d for d in differences(public_spec(same_n), _ALIKE, public_spec(other), _ALIKE) if d.measurement]
    if unlike:
        what = "; ".join(f"{d.what} {d.a} and {d.b}" for d in unlike)
        raise ConfigError(f"{name} and {other_name} are not the same measurement: {what}")


def plan_run(ledger: Ledger, run_id: str, source: str, plan: SequentialPlan, servers: tuple[str, ...]) -> RunSpec:
    """Record the gate's run: the source's spec with one sample a problem, in the plan's order."""
    row = ledger.run(source)
    if not row.spec.generates:
        raise ConfigError(f"run {source} asked no model, so it cannot be asked again", remedy="name an evaluated run")
    sampling = row.spec.sampling.model_copy(update={"n": 1})
    spec = row.spec.model_copy(update={"sampling": sampling, "ks": (1,), "servers": servers, "references": ()})
    problems = {problem.problem_id: problem for problem in history.problems(ledger, source)}
    ordered = [problems[problem_id] for problem_id, _ in plan.order]
    asked = (replace(p, statement=history.statement(ledger, source, p.problem_id)) for p in ordered)
    ledger.create_run(run_id, spec, asked, [SampleKey(problem_id, 0) for problem_id, _ in plan.order])
    return spec


def follow(ledger: Ledger, run_id: str, plan: SequentialPlan) -> SequentialTest:
    """The test over what is recorded of a run, up to the first sample that is still under way."""
    outcomes = {state.key.problem_id: state for state in history.sample_states(ledger, run_id) if state.key.index == 0}
    test = SequentialTest(plan)
    for problem_id, _ in plan.order:
        state = outcomes.get(problem_id)
        if state is None or (state.verdict is None and state.unjudged is None):
            break
        judged = state.verdict is not None and state.official
        if test.add(state.verdict == "PASSED" if judged else None) is not None:
            break
    return test


def answer(run_id: str, against: str, plan: SequentialPlan, test: SequentialTest) -> Gate:
    """The gate's answer as it stands."""
    size, asked = len(plan.order), test.seen
    judged = asked - test.missing
    expected = sum(plan.groups[number].kept for _, number in plan.order[:asked])
    way = "the full set" if asked == size else f"{asked} of {size} problems"
    why = (
        f"decided by {way}: {test.solved} of {judged} solved, {expected:.1f} expected without a loss; "
        f"finds a loss of {plan.loss * 100:g} points, misses at most {plan.misses * 100:.0f} %"
    )
    if test.decision is None:
        why = f"undecided after {way}, {test.missing} of them without a verdict"
    return Gate(
        run_id=run_id,
        against=against,
        rule="sequential",
        outcome=test.decision or "INCOMPLETE",
        why=why,
        alpha=plan.alpha,
        score=test.solved / judged if judged else None,
        other=min(1.0, expected / asked) if asked else None,
        problems=size,
        asked=asked,
    )


def make_plan(stored: dict[str, list[bool]], *, loss: float, alpha: float, beta: float) -> SequentialPlan:
    """`plan_sequential`, its ValueError as ConfigError."""
    try:
        return plan_sequential(stored, loss=loss, alpha=alpha, beta=beta)
    except ValueError as exc:
        raise ConfigError(str(exc)) from exc
