"""Two runs, problem by problem: does one model or build solve more, or is it chance?

Both runs met the same problems, so what is hard for both says nothing, and a paired test sees
differences that two intervals hide. What was not equal between the runs comes first: a difference of
protocol, judge, dataset or sampling is another measurement, not another model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, lcm, sqrt
from typing import Annotated, Literal

from pydantic import Field

from farm.records import Count, Record, RunId, RunSpec, Verdict
from farm.scoring.differences import Difference, differences
from farm.scoring.report import Versions
from farm.scoring.statistics import SIGNIFICANCE, Z_95, Z_POWER_80, Share

SIGN_FLIPS = 20_000
Points = Annotated[float, Field(ge=-1, le=1)]


@dataclass(frozen=True, slots=True)
class PairedSample:
    """One sample of a run. `answer` and `prompt` are digests, None if unknown."""

    verdict: Verdict | None  # None: not judged
    answer: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class PairedProblem:
    """One problem of a run with its samples, by index. `suite` is the digest of its tests."""

    suite: str
    samples: tuple[PairedSample, ...]


@dataclass(frozen=True, slots=True)
class PairedRun:
    """One of the two runs. `problems` in dataset order; those without samples may be left out."""

    run_id: str
    spec: RunSpec
    versions: Versions
    problems: Mapping[str, PairedProblem]


class Flip(Record):
    """A problem that the two runs did not solve alike: passed samples of all, and the first sample's verdicts."""

    problem_id: str
    passed_a: Count
    samples_a: Count
    passed_b: Count
    samples_b: Count
    verdict_a: Verdict
    verdict_b: Verdict


class PairedTest(Record):
    """Run b's pass@1 less run a's over their common problems, as shares of one, and how sure that is."""

    score_a: Share
    score_b: Share
    difference: Points
    low: Points  # of the 95 % interval
    high: Points
    p_value: Share  # two-sided
    method: Literal["mcnemar-exact", "sign-flip-by-problem"]
    smallest_difference: Share | None  # true difference that this pair finds in 80 % of cases; None: none at all

    @property
    def standing(self) -> Literal["higher", "lower", "not distinguishable"]:
        """Run b against run a at 5 %."""
        if self.p_value >= SIGNIFICANCE:
            return "not distinguishable"
        return "higher" if self.difference > 0 else "lower"


class Comparison(Record):
    """Run b against run a. Without `test`, and INCOMPLETE, while a sample of a common problem is unjudged."""

    schema_version: Literal[1] = 1
    run_a: RunId
    run_b: RunId
    status: Literal["COMPLETE", "INCOMPLETE"]
    same_measurement: bool  # no difference decides what is measured
    differences: tuple[Difference, ...]  # those that decide what is measured first
    problems: Count  # that both runs have samples of
    only_in_a: Count
    only_in_b: Count
    other_tests: tuple[str, ...]  # common problems whose tests differ
    without_program: tuple[RunId, ...]  # runs whose judged samples of the common problems are all NO_CODE
    unjudged: Count  # common problems with an unjudged sample on a side; they are in nothing below
    test: PairedTest | None
    better_a: tuple[Flip, ...]  # problems that run a solved more often; the largest differences first
    better_b: tuple[Flip, ...]
    answers_compared: Count  # pairs of samples with the same problem and index, whose answers are known
    answers_equal: Count
    prompts_compared: Count
    prompts_equal: Count


def compare_runs(a: PairedRun, b: PairedRun, *, seed: int = 42) -> Comparison:
    """Run `b` against run `a` over the problems that both have samples of.

    One sample of each problem on both sides: the exact McNemar test. More: a permutation test that swaps
    the sides of whole problems (`sign_flip_p`). ValueError if no problem is in both.
    """
    common = [problem_id for problem_id in a.problems if _sampled(a, problem_id) and _sampled(b, problem_id)]
    if not common:
        raise ValueError(f"runs {a.run_id} and {b.run_id} have no problem in common")
    found = differences(a.spec, a.versions, b.spec, b.versions)
    flips = {problem_id: _flip(problem_id, a.problems[problem_id], b.problems[problem_id]) for problem_id in common}
    judged = [flip for flip in flips.values() if flip is not None]
    complete = len(judged) == len(common)
    ranked = sorted(judged, key=lambda flip: (-abs(_gain(flip)), flip.problem_id))
    pairs = [
        pair for problem_id in common
        for pair in zip(a.problems[problem_id].samples, b.problems[problem_id].samples, strict=False)
    ]  # fmt: skip
    answers = [(x.answer, y.answer) for x, y in pairs if x.answer is not None and y.answer is not None]
    prompts = [(x.prompt, y.prompt) for x, y in pairs if x.prompt is not None and y.prompt is not None]
    return Comparison(
        run_a=a.run_id,
        run_b=b.run_id,
        status="COMPLETE" if complete else "INCOMPLETE",
        same_measurement=not any(difference.measurement for difference in found),
        differences=found,
        problems=len(common),
        only_in_a=sum(_sampled(a, problem_id) and not _sampled(b, problem_id) for problem_id in a.problems),
        only_in_b=sum(_sampled(b, problem_id) and not _sampled(a, problem_id) for problem_id in b.problems),
        other_tests=tuple(i for i in common if a.problems[i].suite != b.problems[i].suite),
        without_program=tuple(run.run_id for run in (a, b) if _without_program(run, common)),
        unjudged=len(common) - len(judged),
        test=paired_test(judged, seed=seed) if complete else None,
        better_a=tuple(flip for flip in ranked if _gain(flip) < 0),
        better_b=tuple(flip for flip in ranked if _gain(flip) > 0),
        answers_compared=len(answers),
        answers_equal=sum(x == y for x, y in answers),
        prompts_compared=len(prompts),
        prompts_equal=sum(x == y for x, y in prompts),
    )


def paired_test(problems: Sequence[Flip], *, seed: int = 42) -> PairedTest:
    """The difference of mean pass@1 over `problems`, with a 95 % interval and a two-sided p.

    The interval is Agresti and Min's (2005) for paired proportions, which adds half a problem to each of
    the four outcomes, so that it has a width where nothing flipped; clusters take the place of outcomes.
    """
    gains = [_gain(problem) for problem in problems]
    size = len(gains)
    values = [float(gain) for gain in gains]
    spread = (fsum(value * value for value in values) + 1) / (size + 2) - (fsum(values) / (size + 2)) ** 2
    error, middle = sqrt(spread / (size + 2)), fsum(values) / (size + 2)
    single = all(problem.samples_a == problem.samples_b == 1 for problem in problems)
    score_a, score_b = (sum(shares, Fraction(0)) / size for shares in (_shares_a(problems), _shares_b(problems)))
    smallest = (Z_95 + Z_POWER_80) * error
    return PairedTest(
        score_a=float(score_a),
        score_b=float(score_b),
        difference=float(score_b - score_a),
        low=max(-1.0, middle - Z_95 * error),
        high=min(1.0, middle + Z_95 * error),
        p_value=mcnemar(sum(g < 0 for g in gains), sum(g > 0 for g in gains)) if single else sign_flip_p(gains, seed),
        method="mcnemar-exact" if single else "sign-flip-by-problem",
        smallest_difference=smallest if smallest <= 1 else None,
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p of the exact McNemar test: problems only A solved against problems only B solved.

    The binomial test of `only_a` in `only_a + only_b` flips at one half; 1.0 without flips.
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"flips cannot be negative: {only_a}, {only_b}")
    flips = only_a + only_b
    ways = tail = 1
    for i in range(min(only_a, only_b)):
        ways = ways * (flips - i) // (i + 1)
        tail += ways
    return float(min(Fraction(1), Fraction(2 * tail, 1 << flips)))


def sign_flip_p(gains: Sequence[Fraction], seed: int = 42) -> float:
    """Two-sided p of the paired permutation test: how often random signs give a sum as far from zero.

    If the runs do not differ, each problem's gain is as likely to have the other sign; problems are the
    unit, however many samples each has. SIGN_FLIPS draws, seeded; never below 1 / (SIGN_FLIPS + 1). With
    gains of -1, 0 and 1 alone it estimates `mcnemar`.
    """
    unit = lcm(*(gain.denominator for gain in gains)) if gains else 1
    steps = [int(gain * unit) for gain in gains if gain]
    observed = abs(sum(steps))
    groups = Counter(abs(step) for step in steps)
    bits = random.Random(seed).getrandbits  # noqa: S311 - a simulation, no secret
    weights = [(2 * weight, weight * times, times) for weight, times in sorted(groups.items())]
    as_far = 0
    for _ in range(SIGN_FLIPS):
        # `times` equal gains with random signs: twice the number of plus signs, less all of them
        total = sum(double * bits(times).bit_count() - all_minus for double, all_minus, times in weights)
        as_far += abs(total) >= observed
    return (1 + as_far) / (1 + SIGN_FLIPS)


def _sampled(run: PairedRun, problem_id: str) -> bool:
    problem = run.problems.get(problem_id)
    return problem is not None and bool(problem.samples)


def _flip(problem_id: str, a: PairedProblem, b: PairedProblem) -> Flip | None:
    """The problem's outcome on both sides; None if a sample is not judged."""
    verdicts_a = [sample.verdict for sample in a.samples if sample.verdict is not None]
    verdicts_b = [sample.verdict for sample in b.samples if sample.verdict is not None]
    if len(verdicts_a) != len(a.samples) or len(verdicts_b) != len(b.samples):
        return None
    return Flip(
        problem_id=problem_id,
        passed_a=verdicts_a.count(Verdict.PASSED),
        samples_a=len(verdicts_a),
        passed_b=verdicts_b.count(Verdict.PASSED),
        samples_b=len(verdicts_b),
        verdict_a=verdicts_a[0],
        verdict_b=verdicts_b[0],
    )


def _without_program(run: PairedRun, common: Sequence[str]) -> bool:
    verdicts = {sample.verdict for problem_id in common for sample in run.problems[problem_id].samples} - {None}
    return verdicts == {Verdict.NO_CODE}


def _gain(problem: Flip) -> Fraction:
    return Fraction(problem.passed_b, problem.samples_b) - Fraction(problem.passed_a, problem.samples_a)


def _shares_a(problems: Sequence[Flip]) -> list[Fraction]:
    return [Fraction(problem.passed_a, problem.samples_a) for problem in problems]


def _shares_b(problems: Sequence[Flip]) -> list[Fraction]:
    return [Fraction(problem.passed_b, problem.samples_b) for problem in problems]
