"""From rows to a report: what counts, what does not, and what takes the score away."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from farm.records import Reference, RunSpec, SampleKey, Verdict
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.aggregate import ProblemFacts, SampleFacts, aggregate
from farm.scoring.report import Counters, Report, Timing
from tests.unit.reports.build import GPU, PUBLISHED, grid, problem, report, sample, solved, spec

RUN = "20260101-000000-run-abcdef"


def graded(samples: list[SampleFacts], problems: int, ks: tuple[int, ...] = (1,)) -> Report:
    return aggregate(RUN, spec(problems, kind="grade", ks=ks), [problem(i) for i in range(problems)], samples)


def test_pass_at_k_is_the_mean_over_problems() -> None:
    made = report([[True, False], [False, False], [True, True], [False, True]])
    assert made.complete
    assert [(p.k, p.exact, p.score) for p in made.pass_at_k] == [(1, "1/2", 0.5), (2, "3/4", 0.75)]
    assert (made.first_sample.hits, made.first_sample.problems) == (2, 4)
    assert made.verdicts == {"PASSED": 4, "WRONG_ANSWER": 4}
    assert made.coverage.planned == made.coverage.judged == 8


def test_groups() -> None:
    made = report(solved(3, 8))
    assert [(g.name, g.problems, g.passed, g.pass_at_1) for g in made.by_difficulty] == [
        ("easy", 3, 1, 1 / 3),
        ("medium", 3, 1, 1 / 3),
        ("hard", 2, 1, 0.5),
    ]
    assert [(g.name, g.passed, g.samples) for g in made.by_platform] == [("atcoder", 1, 4), ("leetcode", 2, 4)]
    assert [g.name for g in made.by_month] == ["2024-01", "2024-02", "2024-03", "2024-04"]
    for groups in (made.by_difficulty, made.by_platform, made.by_month):
        assert sum(g.problems for g in groups) == 8
        assert sum(g.passed for g in groups) == 3


@pytest.mark.parametrize("date", ["", "soon", "2024-13-01", "20240105", "2024-012"])
def test_a_date_that_is_none_groups_as_unknown(date: str) -> None:
    made = aggregate(
        RUN,
        spec(2),
        [ProblemFacts("p0", contest_date="2025-02-01"), ProblemFacts("p1", contest_date=date)],
        grid([[True]] * 2),
    )
    assert [g.name for g in made.by_month] == ["2025-02", "unknown"]
    assert [g.name for g in made.by_difficulty] == [g.name for g in made.by_platform] == ["unknown"]


def test_another_tools_score_is_shown_with_the_problems_that_differ() -> None:
    said = [replace(problem(i), tool_score=score) for i, score in enumerate((1.0, 0.5, 0.5, None, 0.0))]
    facts = grid([[True, False], [True, False], [True, True], [True, True]])  # none of the last problem
    made = aggregate(RUN, spec(5, n=2, kind="grade", imported_from="LiveCodeBench"), said, facts)
    told = made.other_tool
    assert told is not None and told.tool == "LiveCodeBench" and told.problems == 3
    assert told.there == pytest.approx(2 / 3) and told.here == pytest.approx(2 / 3)
    assert [(one.problem_id, one.there, one.here) for one in told.differing] == [("p0", 1.0, 0.5), ("p2", 0.5, 1.0)]
    alone = aggregate(RUN, spec(5, n=2, kind="grade"), [problem(i) for i in range(5)], facts)
    assert alone.other_tool is None and alone.score_digest() == made.score_digest()

    facts[0] = SampleFacts(facts[0].key, unjudged_reason="server gone")
    told = aggregate(RUN, spec(5, n=2, kind="grade"), said, facts).other_tool
    assert told is not None and told.here is None and told.differing == ()


def test_an_unjudged_sample_takes_the_score_away() -> None:
    facts = grid(solved(10, 20))
    facts[7] = SampleFacts(facts[7].key, unjudged_reason="server gone")
    made = aggregate(RUN, spec(20, references=(GPU,)), [problem(i) for i in range(20)], facts)
    assert made.status == "INCOMPLETE"
    assert made.pass_at_k == () and made.pass_at_1 is None
    assert made.smallest_difference is None and made.effective_samples is None
    assert all(
        g.pass_at_1 is None and g.interval is None for g in (*made.by_difficulty, *made.by_platform, *made.by_month)
    )
    assert made.references.accuracy_check is AccuracyCheck.NA and made.references.score is None
    assert [row.standing for row in made.references.rows] == [None]
    assert made.coverage.unjudged_reasons == {"server gone": 1}
    assert made.coverage.unjudged_samples == ("p7#0",)
    assert made.verdicts == {"PASSED": 9, "WRONG_ANSWER": 10}
    assert (made.first_sample.hits, made.first_sample.problems) == (9, 19)


def test_a_sample_that_evaluate_owes_is_unjudged() -> None:
    facts = grid([[True, True], [True, True]])[:-1]
    made = aggregate(RUN, spec(2, n=2), [problem(0), problem(1)], facts)
    assert made.status == "INCOMPLETE"
    assert made.coverage.planned == 4
    assert made.coverage.unjudged_reasons == {"no result recorded": 1}
    assert made.coverage.unjudged_samples == ("p1#1",)


def test_reasons_stay_few_and_printable() -> None:
    facts = [SampleFacts(SampleKey(f"p{i}", 0), unjudged_reason=f"\x1b[31m\ud800 {i}") for i in range(50)]
    made = aggregate(RUN, spec(50), [problem(i) for i in range(50)], facts)
    assert made.coverage.unjudged_reasons["other reasons"] == 30
    assert sum(made.coverage.unjudged_reasons.values()) == 50
    assert "\\x1b[31m\\ud800 0" in made.coverage.unjudged_reasons
    assert len(made.coverage.unjudged_samples) == 20
    assert Report.model_validate_json(made.to_json()) == made


def test_grade_takes_what_the_file_holds() -> None:
    """Differing n, indexes that start anywhere, a problem without completions."""
    facts = [sample(0, 5, True), sample(0, 9, False), sample(0, 7, False), sample(2, 1, True)]
    made = graded(facts, problems=3, ks=(1, 2))
    assert made.complete
    assert made.pass_at_k[0].exact == str((Fraction(1, 3) + 1) / 2)
    assert [p.k for p in made.pass_at_k] == [1]
    assert made.ks_omitted == (2,)
    assert made.samples_per_problem == (1, 3)
    assert made.coverage.problems_without_samples == 1
    assert (made.first_sample.hits, made.first_sample.problems) == (2, 2)
    assert sum(g.problems for g in made.by_difficulty) == 2


def test_order_of_rows_does_not_matter() -> None:
    passes = [[i % 3 == 0, i % 5 == 0] for i in range(40)]
    facts = grid(passes)
    random.Random(1).shuffle(facts)
    shuffled = aggregate(RUN, spec(40, n=2, ks=(1, 2)), [problem(i) for i in range(40)], facts)
    assert shuffled.to_json() == report(passes).to_json()


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([sample(0), sample(0)], "p0#0: given twice"),
        ([sample(9)], "p9#0: not a problem"),
        ([sample(0, index=3)], "p0#3: not planned, n is 1"),
    ],
)
def test_refuses_what_no_plan_holds(samples: list[SampleFacts], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        aggregate(RUN, spec(2), [problem(0), problem(1)], samples)


def test_refuses_half_a_dataset_and_an_empty_run() -> None:
    with pytest.raises(ValueError, match="1 problems given, the dataset has 2"):
        aggregate(RUN, spec(2), [problem(0)], [sample(0)])
    with pytest.raises(ValueError, match="twice"):
        aggregate(RUN, spec(2), [problem(0), problem(0)], [sample(0)])
    with pytest.raises(ValueError, match="no samples"):
        graded([], problems=2)
    with pytest.raises(ValueError, match="no reason"):
        SampleFacts(SampleKey("p", 0), verdict=Verdict.PASSED, unjudged_reason="x")


def test_the_tolerance_is_the_runs_own() -> None:
    checks = {
        tolerance: report(solved(129, 1055), spec(1055, references=(GPU,), tolerance=tolerance)).references
        for tolerance in (0.05, 0.2)
    }
    assert [(t, c.tolerance, c.accuracy_check) for t, c in checks.items()] == [
        (0.05, 0.05, AccuracyCheck.FAIL), (0.2, 0.2, AccuracyCheck.PASS),
    ]  # fmt: skip


def test_references_of_a_full_run() -> None:
    made = report(solved(129, 1055), spec(1055, references=(GPU, PUBLISHED)))
    check = made.references
    assert check.accuracy_check is AccuracyCheck.FAIL
    assert check.gate_hits == 140
    assert check.false_fail == pytest.approx(0.254, abs=0.0005)
    gpu, published = check.rows
    assert (gpu.hits, gpu.problems, gpu.standing, gpu.test) == (147, 1055, "not distinguishable", "z")
    assert check.decided_by == "gpu_reference"
    assert gpu.p_value == pytest.approx(0.245, abs=0.001)
    assert gpu.ratio == check.ratio_to_reference == pytest.approx(0.8778, abs=0.0001)
    assert (published.hits, published.standing) == (57, "above")
    assert check.ratio_to_published == pytest.approx(2.264, abs=0.001)
    assert made.pass_at_k[0].standard_error == pytest.approx(0.01009, abs=1e-5)


def test_a_useless_reference_is_no_reference() -> None:
    zero = Reference(label="gpu_reference", score=0.0)
    check = report(solved(1, 20), spec(20, references=(zero, PUBLISHED))).references
    assert check.ratio_to_reference is None and check.gate_hits is not None
    assert check.accuracy_check is AccuracyCheck.FAIL
    assert check.rows[0].standing is None
    alone = report(solved(1, 20), spec(20, references=(zero,))).references
    assert alone.accuracy_check is AccuracyCheck.NA and alone.gate_hits is None


def test_the_gate_in_hits_needs_one_sample_each() -> None:
    check = report([[True, False]] * 20, spec(20, n=2, references=(GPU,))).references
    assert check.gate_hits is None and check.false_fail is None
    assert check.accuracy_check is AccuracyCheck.PASS


def test_a_reference_has_its_own_noise_whatever_this_runs_size() -> None:
    """20 problems against 147 of 1055: the reference is no exact number."""
    check = report(solved(5, 20), spec(20, references=(GPU,))).references
    (row,) = check.rows
    assert (row.hits, row.problems) == (147, 1055)
    unstated = GPU.model_copy(update={"hits": None, "problems": None})
    (bare,) = report(solved(5, 20), spec(20, references=(unstated,))).references.rows
    assert (bare.hits, bare.problems) == (None, None)
    assert row.p_value is not None and bare.p_value is not None and row.p_value > bare.p_value


def test_a_reference_that_was_measured_otherwise_is_named_and_compared_with_nothing() -> None:
    other = GPU.model_copy(update={"unlike": ("protocol tt",)})
    check = report(solved(129, 1055), spec(1055, references=(other,))).references
    assert check.accuracy_check is AccuracyCheck.NA and check.decided_by is None
    assert check.ratio_to_reference is None and check.gate_hits is None
    (row,) = check.rows
    assert row.unlike == ("protocol tt",)
    assert (row.ratio, row.standing, row.p_value, row.smallest_difference) == (None, None, None, None)
    beside = report(solved(129, 1055), spec(1055, references=(other, PUBLISHED))).references
    assert (beside.decided_by, beside.accuracy_check) == ("published", AccuracyCheck.PASS)


def test_a_run_of_one_problem_could_have_seen_nothing() -> None:
    made = report(solved(1, 1), spec(1, references=(GPU,)))
    assert made.smallest_difference is None
    assert made.references.rows[0].smallest_difference is None
    assert made.references.rows[0].standing == "not distinguishable"


# --- errata, repeats, clamps --------------------------------------------------------------------


def with_errata(problems: int, flawed: dict[str, str], n: int = 1, **changes: object) -> RunSpec:
    base = spec(problems, n=n, ks=tuple(sorted({1, n})))
    data = base.dataset.model_copy(update={"errata": "errata@1", "flawed": flawed, **changes})
    return base.model_copy(update={"dataset": data})


def test_errata_give_a_second_score_and_leave_the_first_alone() -> None:
    plain = report(solved(6, 20))
    made = report(solved(6, 20), with_errata(20, {"p0": "wrong tests", "p19": "interactive"}))
    assert plain.errata is None and plain.pass_at_k == made.pass_at_k
    assert made.errata is not None
    assert (made.errata.version, made.errata.problems) == ("errata@1", 18)
    assert made.errata.flawed == {"p0": "wrong tests", "p19": "interactive"}
    assert [(p.k, p.exact) for p in made.errata.pass_at_k] == [(1, "5/18")]
    several = report([[True, False]] * 4, with_errata(4, {"p0": "x"}, n=2))
    assert several.errata is not None and [p.k for p in several.errata.pass_at_k] == [1, 2]


@pytest.mark.parametrize("flawed", [{}, {"p0": "x", "p1": "x"}])
def test_no_second_score_where_it_would_say_nothing(flawed: dict[str, str]) -> None:
    made = report(solved(1, 2), with_errata(2, flawed, flawed_excluded={"p9": "y"}))
    assert made.errata is not None and made.errata.pass_at_k == ()
    assert made.errata.excluded == {"p9": "y"}


def test_an_incomplete_run_has_no_score_in_no_form() -> None:
    made = aggregate(RUN, with_errata(3, {"p0": "x"}, n=2), [problem(i) for i in range(3)], grid([[True, False]] * 2))
    assert made.errata is not None and made.errata.pass_at_k == () and made.repeats is None
    whole = report([[True, False]] * 3, with_errata(3, {"p0": "x"}, n=2))
    for field in ("errata", "repeats"):
        with pytest.raises(ValueError, match="in no form"):
            Report.model_validate({**dict(made), field: getattr(whole, field)})


def test_several_samples_are_repeats() -> None:
    made = report([[True, False], [False, False], [True, True], [False, True]])
    assert made.repeats is not None
    assert (made.repeats.scores, made.repeats.flipped, made.repeats.flip_rate) == ((0.5, 0.5), 2, 0.5)
    assert report(solved(1, 4)).repeats is None
    assert graded([sample(0, 0), sample(0, 1), sample(1, 0)], problems=2).repeats is None


def test_clamped_answers_are_counted() -> None:
    facts = [sample(0, max_tokens=2048), sample(1, max_tokens=100), sample(2, max_tokens=50), sample(3)]
    made = aggregate(RUN, spec(4), [problem(i) for i in range(4)], facts)
    assert made.clamped is not None
    assert (made.clamped.samples, made.clamped.fewest) == (2, 50)
    assert aggregate(RUN, spec(1), [problem(0)], facts[:1]).clamped is None


def test_tokens_and_times() -> None:
    facts = [
        sample(
            i,
            prompt_tokens=100,
            completion_tokens=10 * i,
            latency_s=float(i),
            finish_reason="length" if i > 97 else "stop",
        )
        for i in range(1, 101)
    ] + [sample(0, prompt_tokens=5)]
    made = aggregate(
        RUN,
        spec(101),
        [problem(i) for i in range(101)],
        facts,
        Counters(retries=3),
        Timing(started_at=1.0, wall_s=50.0),
    )
    assert made.tokens is not None
    assert (made.tokens.samples, made.tokens.prompt, made.tokens.completion) == (100, 10_000, 50_500)
    assert made.tokens.mean_completion == 505
    assert made.telemetry.tokens_per_second == 1010
    latency = made.telemetry.latency_s
    assert latency is not None
    assert (latency.samples, latency.p50, latency.p95, latency.max, latency.mean) == (100, 50, 95, 100, 50.5)
    assert made.telemetry.ttft_s is None
    assert made.truncated == 3
    assert made.telemetry.sandboxes == {"landlock": 101}
    assert made.telemetry.counters.retries == 3


def test_credentials_of_a_server_stay_out() -> None:
    secret = spec(1, servers=("http://me:hunter2@host:8000/v1?key=hunter2#hunter2", "http://[bad"))
    made = report(solved(1, 1), secret)
    assert made.spec.servers == ("http://host:8000/v1", "(not a URL)")
    assert b"hunter2" not in made.to_json()


def test_the_score_digest_covers_the_score_and_no_telemetry() -> None:
    base = report(solved(5, 20))
    retold = report(
        solved(5, 20),
        spec(20, servers=("http://other:1/v1",)),
        Counters(resends=9, duplicates=4),
        Timing(started_at=5.0, finished_at=9.0, wall_s=4.0),
        run_id="another-run",
    )
    assert retold != base and retold.score_digest() == base.score_digest()
    assert report(solved(6, 20)).score_digest() != base.score_digest()
    assert report(solved(5, 20), spec(20, protocol="official@1")).score_digest() != base.score_digest()


def test_round_trip() -> None:
    made = report([[True, False]] * 40, spec(40, n=2, ks=(1, 2), references=(GPU, PUBLISHED)))
    assert Report.model_validate_json(made.to_json()) == made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "INCOMPLETE"}, "complete if and only if"),
        ({"pass_at_k": ()}, "starts with pass@1"),
        ({"verdicts": {"PASSED": 1}}, "one verdict"),
        ({"kind": "grade"}, "kind differs"),
    ],
)
def test_a_report_that_contradicts_itself_does_not_load(change: dict[str, object], said: str) -> None:
    value = {**dict(report(solved(1, 4))), **change}
    with pytest.raises(ValueError, match=said):
        Report.model_validate(value)


def test_scoring_loads_no_broker() -> None:
    heavy = {"celery", "redis", "kombu", "numpy", "rich"}
    code = f"import sys, farm.scoring.aggregate; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
