"""Two runs, problem by problem."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import comb

import pytest

from farm.records import Build, JudgeSpec, Limits, Sampling, Verdict
from farm.scoring.differences import differences
from farm.scoring.paired import (
    Comparison,
    PairedProblem,
    PairedRun,
    PairedSample,
    compare_runs,
    mcnemar,
    sign_flip_p,
)
from farm.scoring.report import Versions
from tests.unit.reports.build import spec

VERSIONS = Versions(farm="1", python="3.11.7")
FAILED = Verdict.WRONG_ANSWER


def run(name: str, passes: Sequence[Sequence[bool | None]], **changes: object) -> PairedRun:
    """A run with these samples by problem; None: not judged."""
    verdicts = {True: Verdict.PASSED, False: FAILED, None: None}
    problems = {
        f"p{i}": PairedProblem("5" * 64, tuple(PairedSample(verdicts[one]) for one in row))
        for i, row in enumerate(passes)
    }
    n = max(len(row) for row in passes)
    return PairedRun(name, spec(len(passes), n=n, **changes), VERSIONS, problems)  # type: ignore[arg-type]


def single(name: str, solved: set[int], problems: int) -> PairedRun:
    return run(name, [[i in solved] for i in range(problems)])


def test_mcnemar() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 5) == 1
    assert mcnemar(0, 5) == mcnemar(5, 0) == 2 / 32
    assert mcnemar(1, 9) == pytest.approx(22 / 1024)
    # 18 flips more one way than the other, as between the published n300 run and the reference
    expected = 2 * sum(comb(58, i) for i in range(21)) / 2**58
    assert mcnemar(38, 20) == pytest.approx(expected)
    assert 0 < mcnemar(3000, 5000) < 1e-100
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 0)


# --- one sample of each problem -----------------------------------------------------------------


def test_one_sample_each_is_mcnemar_over_problems() -> None:
    a, b = single("run-a", {0, 1, 2, 3}, 100), single("run-b", {3, *range(10, 20)}, 100)
    found = compare_runs(a, b)
    assert found.status == "COMPLETE" and found.test is not None
    assert (found.test.method, found.test.p_value) == ("mcnemar-exact", mcnemar(3, 10))
    assert (found.test.score_a, found.test.score_b) == (0.04, 0.11)
    assert found.test.difference == pytest.approx(0.07)
    assert [flip.problem_id for flip in found.better_a] == ["p0", "p1", "p2"]
    assert [flip.problem_id for flip in found.better_b] == [f"p{i}" for i in range(10, 20)]
    flip = found.better_b[0]
    assert (flip.passed_a, flip.samples_a, flip.passed_b, flip.samples_b) == (0, 1, 1, 1)
    assert (flip.verdict_a, flip.verdict_b) == (FAILED, Verdict.PASSED)
    assert found.test.standing == "not distinguishable"


def test_a_clear_difference_is_found_and_the_interval_holds_it() -> None:
    found = compare_runs(single("run-a", set(range(20)), 100), single("run-b", set(range(60)), 100)).test
    assert found is not None
    assert found.standing == "higher" and found.p_value < 1e-9
    assert 0 < found.low < 0.4 < found.high < 0.55
    other = compare_runs(single("run-b", set(range(60)), 100), single("run-a", set(range(20)), 100)).test
    assert other is not None
    assert other.standing == "lower"
    assert [other.low, other.high] == pytest.approx([-found.high, -found.low])


def test_equal_runs_have_an_interval_with_a_width() -> None:
    found = compare_runs(single("run-a", {1}, 50), single("run-b", {1}, 50)).test
    assert found is not None
    assert (found.difference, found.p_value) == (0, 1)
    assert found.low < 0 < found.high
    assert found.smallest_difference is not None and 0 < found.smallest_difference < 0.2


def test_so_few_problems_show_nothing() -> None:
    found = compare_runs(single("run-a", {0}, 1), single("run-b", set(), 1)).test
    assert found is not None
    assert found.smallest_difference is None and found.p_value == 1


# --- several samples ----------------------------------------------------------------------------


def by_enumeration(gains: list[Fraction]) -> float:
    """The definition: every way to sign the gains, none left out."""
    nothing = Fraction(0)
    observed = abs(sum(gains, nothing))
    totals = [
        abs(sum((s * g for s, g in zip(signs, gains, strict=True)), nothing))
        for signs in product((1, -1), repeat=len(gains))
    ]
    return sum(total >= observed for total in totals) / len(totals)


@pytest.mark.parametrize("seed", range(6))
def test_sign_flips_estimate_the_enumeration(seed: int) -> None:
    rng = random.Random(seed)
    gains = [Fraction(rng.randint(-4, 5), rng.choice((4, 6, 10))) for _ in range(11)]
    exact = by_enumeration(gains)
    # five standard errors of 20,000 draws
    assert sign_flip_p(gains) == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 20_000) ** 0.5 + 1e-4)


def test_sign_flips_of_single_samples_estimate_mcnemar() -> None:
    gains = [Fraction(1)] * 9 + [Fraction(-1)] + [Fraction(0)] * 50
    assert sign_flip_p(gains) == pytest.approx(mcnemar(1, 9), abs=0.005)


def test_sign_flips_are_seeded_and_never_zero() -> None:
    gains = [Fraction(1, 3)] * 200
    assert sign_flip_p(gains) == 1 / 20_001
    assert sign_flip_p([]) == sign_flip_p([Fraction(0)] * 5) == 1
    mixed = [Fraction(i % 7 - 3, 10) for i in range(100)]
    assert sign_flip_p(mixed, seed=1) == sign_flip_p(mixed, seed=1) != sign_flip_p(mixed, seed=2)


def test_the_problem_is_the_unit_however_many_samples_it_has() -> None:
    """Ten samples that always agree tell what one tells: no p from 60 flips where there are 6."""
    ten = compare_runs(run("run-a", [[False] * 10] * 6 + [[True] * 10] * 30), run("run-b", [[True] * 10] * 36)).test
    one = compare_runs(run("run-a", [[False]] * 6 + [[True]] * 30), run("run-b", [[True]] * 36)).test
    assert ten is not None and one is not None
    assert ten.method == "sign-flip-by-problem" and one.method == "mcnemar-exact"
    assert ten.p_value == pytest.approx(one.p_value, abs=0.01) and one.p_value == 2 / 64
    assert [ten.low, ten.high] == pytest.approx([one.low, one.high])


def test_differing_numbers_of_samples_compare_rates() -> None:
    found = compare_runs(run("run-a", [[True, False, False, False]] * 3), run("run-b", [[True, False]] * 3))
    assert found.test is not None
    assert (found.test.score_a, found.test.score_b) == (0.25, 0.5)
    assert [(f.passed_a, f.samples_a, f.passed_b, f.samples_b) for f in found.better_b] == [(1, 4, 1, 2)] * 3
    assert [d.what for d in found.differences] == ["samples per problem"]


def test_false_alarms_are_as_rare_as_they_say() -> None:
    """60 pairs of equal models: at 5 % about 3 look different; 11 would be 4.7 deviations off."""
    rng = random.Random(5)
    alarms = 0
    for trial in range(60):
        rates = [rng.betavariate(0.3, 0.8) for _ in range(40)]
        gains = [
            Fraction(sum(rng.random() < r for _ in range(4)) - sum(rng.random() < r for _ in range(4)), 4)
            for r in rates
        ]
        alarms += sign_flip_p(gains, seed=trial) < 0.05
    assert alarms < 11


# --- what is not comparable ---------------------------------------------------------------------


def test_an_unjudged_sample_leaves_no_answer() -> None:
    found = compare_runs(run("run-a", [[True], [None], [False]]), run("run-b", [[False], [True], [False]]))
    assert (found.status, found.test, found.unjudged, found.problems) == ("INCOMPLETE", None, 1, 3)
    assert [flip.problem_id for flip in found.better_a] == ["p0"]


def test_only_common_problems_are_compared() -> None:
    a, b = single("run-a", {0}, 3), single("run-b", {0, 4}, 5)
    found = compare_runs(a, b)
    assert (found.problems, found.only_in_a, found.only_in_b) == (3, 0, 2)
    assert found.test is not None and found.test.score_b == 1 / 3
    empty = PairedRun("run-c", b.spec, VERSIONS, {"p0": PairedProblem("5" * 64, ())})
    with pytest.raises(ValueError, match="no problem in common"):
        compare_runs(a, empty)


def test_differing_tests_prompts_and_answers_are_counted() -> None:
    def one(suite: str, answer: str | None, prompt: str | None) -> PairedRun:
        sample = PairedSample(Verdict.PASSED, answer, prompt)
        problems = {"p0": PairedProblem(suite, (sample,)), "p1": PairedProblem("5" * 64, (sample,))}
        return PairedRun("run-a", spec(2), VERSIONS, problems)

    found = compare_runs(one("5" * 64, "x", "x"), one("6" * 64, "x", "y"))
    assert found.other_tests == ("p0",)
    assert (found.answers_equal, found.answers_compared) == (2, 2)
    assert (found.prompts_equal, found.prompts_compared) == (0, 2)
    unknown = compare_runs(one("5" * 64, None, None), one("5" * 64, "x", "y"))
    assert (unknown.answers_compared, unknown.prompts_compared) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"protocol": "official@1"}, {"protocol", "prompts made by"}),
        ({"protocol_digest": "9" * 64}, {"protocol digest"}),
        ({"judge": JudgeSpec(mode="lcb")}, {"judge", "limits"}),  # its clock is another
        ({"sampling": Sampling(temperature=0.2, top_p=0.95)}, {"temperature", "top_p"}),
        ({"sampling": Sampling(max_tokens=100, stop=("###",))}, {"max tokens", "stop strings"}),
        ({"limits": Limits(cpu_s=1.0)}, {"limits"}),
        ({"limits": Limits(threads=1)}, {"other limits"}),
        ({"dataset": spec(5).dataset.model_copy(update={"tests": "public", "digest": "8" * 64})},
         {"tests", "dataset digest", "problems"}),
    ],
)  # fmt: skip
def test_another_measurement_is_said(changes: dict[str, object], what: set[str]) -> None:
    a, b = spec(4), spec(4).model_copy(update=changes)
    found = differences(a, VERSIONS, b, VERSIONS)
    assert {d.what for d in found} == what
    assert all(d.measurement and d.a != d.b for d in found)


def test_what_one_compares_is_said_too_and_comes_second() -> None:
    base = spec(4)
    assert base.model is not None
    other = base.model.model_copy(update={"device": "t3k"})
    build = Build(name="nightly", told_by="user", tt_metal_commit="20edc39", vllm_commit="03cb300")
    changed = base.model_copy(
        update={"model": other, "protocol": "seed@1", "servers": ("http://elsewhere:1",), "build": build}
    )
    newer = VERSIONS.model_copy(update={"farm": "2", "runners": ("r1",)})
    found = differences(base, VERSIONS, changed, newer)
    assert [d.what for d in found] == [
        "protocol", "prompts made by", "device", "build", "tt-metal commit", "vllm commit", "servers", "farm",
        "runners",
    ]  # fmt: skip
    assert [d.measurement for d in found] == [True, True, False, False, False, False, False, False, False]
    assert [(d.a, d.b) for d in found][3] == ("unknown", "nightly")


def test_where_judging_stops_is_no_other_measurement() -> None:
    every = spec(4).model_copy(update={"judge": JudgeSpec(stop="all")})
    assert differences(spec(4), VERSIONS, every, VERSIONS) == ()
    assert differences(spec(4), VERSIONS, spec(4), VERSIONS) == ()


def test_round_trip() -> None:
    made = compare_runs(single("run-a", {0, 1}, 9), single("run-b", {1, 2, 3}, 9))
    assert Comparison.model_validate_json(made.to_json()) == made
