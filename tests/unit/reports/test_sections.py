"""What a reader sees, in the terminal's plain form."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from farm.records import BadRow, JudgeSpec, SampleKey, Verdict
from farm.reports.as_markdown import as_markdown
from farm.reports.cautions import cautions
from farm.reports.sections import finish_with, way_to_finish
from farm.reports.table import plain_text, show, show_ending
from farm.scoring.aggregate import SampleFacts, aggregate
from farm.scoring.report import Counters, Report, Timing
from tests.unit.reports.build import GPU, PUBLISHED, grid, problem, report, sample, solved, spec

RUN = "20260101-000000-run-abcdef"


def incomplete() -> Report:
    facts = grid(solved(10, 20))
    facts[7] = SampleFacts(facts[7].key, unjudged_reason="server gone")
    return aggregate(RUN, spec(20, references=(GPU,)), [problem(i) for i in range(20)], facts)


def line(text: str, start: str) -> list[str]:
    """The words of the one line that starts so."""
    found = [row for row in text.splitlines() if row.strip().startswith(start)]
    assert len(found) == 1, (start, found)
    return found[0].split()


def test_a_complete_run() -> None:
    shown = plain_text(report(solved(129, 1055), spec(1055, references=(GPU, PUBLISHED))))
    assert shown.startswith("pass@1 12.23 % (10.39 to 14.34 %), first sample solved 129 of 1055 problems\n")
    assert line(shown, "pass@1  ") == ["pass@1", "12.23", "%", "10.39", "to", "14.34", "%", "1.01", "129/1055"]
    assert "(tolerance 0.05): FAIL; not distinguishable from the reference." in shown
    assert "passes from 140 solved problems on; a model exactly as good as the reference fails it 25 % of" in shown
    assert "Not distinguishable from the gpu reference score (p >= 0.05, unpaired)." in shown
    assert "This run could have seen a true difference of 4.2 points or more." in shown
    assert line(shown, "gpu reference")[2:] == ["13.93", "147/1055", "0.88", "not", "distinguishable", "0.245", "4.2"]
    assert line(shown, "published")[1:] == ["5.40", "57/1055", "2.26", "above", "<", "0.001", "2.8"]
    assert line(shown, "WRONG_ANSWER") == ["WRONG_ANSWER", "926", "87.77", "%"]
    assert "Intervals: Wilson." in shown


def test_a_run_that_is_being_driven_is_not_called_incomplete_nor_told_to_resume() -> None:
    report = incomplete()
    running = report.model_copy(update={"telemetry": report.telemetry.model_copy(update={"running": True})})
    shown = plain_text(running)
    assert shown.startswith("RUNNING: 19 of 20 samples are judged, the score comes last; follow it: farm watch")
    assert "INCOMPLETE:" not in shown and "Score: INCOMPLETE" not in shown and "finish with" not in shown
    assert way_to_finish(running).startswith("follow it: farm watch")


def test_an_incomplete_run_shows_partial_counts_and_no_score() -> None:
    shown = plain_text(incomplete())
    assert shown.startswith("INCOMPLETE: 1 of 20 samples are not judged, so there is no score.")
    assert f"farm resume {RUN}" in shown
    assert line(shown, "of these passed (partial)")[-1] == "9"
    assert line(shown, "server gone")[-1] == "1"
    assert "Not judged: p7#0" in shown
    assert "pass@1 " not in shown.replace("pass@1  95 % interval", "")
    assert "(tolerance 0.05): NA: the run is INCOMPLETE." in shown
    assert line(shown, "gpu reference")[2:] == ["13.93", "147/1055", "-", "-", "-", "-"]
    for title in ("Verdicts (partial)", "By difficulty (partial)", "By contest month (partial)"):
        assert f"\n{title}\n" in shown
    assert "contamination" not in shown


def test_the_check_says_when_a_difference_is_more_than_chance() -> None:
    above = plain_text(report(solved(200, 1055), spec(1055, references=(GPU,))))
    assert "(tolerance 0.05): PASS; above the reference, by more than chance." in above
    below = plain_text(report(solved(90, 1055), spec(1055, references=(GPU,))))
    assert "(tolerance 0.05): FAIL; below the reference, by more than chance." in below
    few = plain_text(report(solved(1, 1), spec(1, references=(GPU,))))
    assert "unpaired, exact test). A run this small could have seen no difference." in few
    assert "So few problems cannot show a difference to another run" in few


def test_a_reference_of_another_protocol_is_named_as_such() -> None:
    other = GPU.model_copy(update={"unlike": ("protocol tt",)})
    shown = plain_text(report(solved(129, 1055), spec(1055, references=(other,))))
    assert "The gpu reference score was measured otherwise (protocol tt): not compared." in shown
    assert "(tolerance 0.05): NA: no reference score was measured like this run." in shown
    assert line(shown, "gpu reference")[2:] == ["13.93", "147/1055", "-", "not", "compared", "-", "-"]
    assert cautions(report(solved(5, 20), spec(20, references=(other,)))) == []


def test_a_reference_of_zero_is_none() -> None:
    zero = GPU.model_copy(update={"score": 0.0, "hits": None, "problems": None})
    shown = plain_text(report(solved(1, 20), spec(20, references=(zero,))))
    assert "The gpu reference score of 0 can be compared with nothing: not within 0 to 100." in shown


def test_errata_repeats_and_unjudgeable_problems() -> None:
    run_spec = spec(4, n=2, ks=(1, 2))
    data = run_spec.dataset.model_copy(
        update={
            "errata": "errata@1",
            "flawed": {"p0": "wrong tests"},
            "flawed_excluded": {"p9": "interactive"},
            "skipped_rows": 3,
            "bad_rows": (
                BadRow(place="f.jsonl:7", problem_id="p8", reason="no tests"),
                BadRow(place="f:9", reason="x"),
            ),
        }
    )
    passes = [[True, True], [False, False], [True, False], [True, True]]
    shown = plain_text(report(passes, run_spec.model_copy(update={"dataset": data})))
    assert "\nErrata (errata@1)\n" in shown
    assert line(shown, "p0") == ["p0", "wrong", "tests", "counted"]
    assert line(shown, "p9") == ["p9", "interactive", "left", "out"]
    assert "Without the 1 counted ones: pass@1 50.00 %" in shown and "over 3 problems" in shown
    assert line(shown, "p8") == ["p8", "f.jsonl:7", "no", "tests"]
    assert line(shown, "(no id)") == ["(no", "id)", "f:9", "x"]
    assert "1 more row(s) could not be read." in shown
    assert line(shown, "flip rate") == ["flip", "rate", "25.00", "%", "(1", "of", "4", "problems)"]
    assert line(shown, "standard deviation")[-1] == "17.68"
    assert "1 problem(s) with errata are left out on request" in shown


def test_clamps_and_missing_sandboxes_are_said() -> None:
    facts = [sample(0, max_tokens=100), SampleFacts(SampleKey("p1", 0), unjudged_reason="no walls", sandbox="none")]
    made = aggregate(RUN, spec(2), [problem(0), problem(1)], facts)
    told = "\n".join(cautions(made))
    assert "1 of 2 answers were allowed fewer than 2048 tokens (100 at the least)" in told
    assert "1 program(s) were executed without a sandbox: they count as not judged." in told
    assert finish_with(made) == f"farm regrade {RUN} --sandbox auto"


def test_what_checkers_decided_and_comparisons_that_raised_are_counted() -> None:
    facts = [sample(0, checked=True), sample(1, checked=True), sample(2, faulted=True)]
    made = aggregate(RUN, spec(3), [problem(i) for i in range(3)], facts)
    assert (made.checked, made.faulted) == (2, 1)
    assert "2 verdict(s) were decided by a problem's checker: several answers are right there." in plain_text(made)
    assert any(
        "1 sample(s) failed a test because farm's own comparison raised" in caution for caution in cautions(made)
    )


def test_programs_that_broke_their_sandbox_are_named_up_to_five() -> None:
    digest = "ab" * 32
    facts = [sample(0), *(sample(i, verdict=Verdict.SANDBOX_BROKEN, broke_sandbox=digest) for i in range(1, 8))]
    made = aggregate(RUN, spec(8), [problem(i) for i in range(8)], facts)
    assert made.complete and made.verdicts == {"PASSED": 1, "SANDBOX_BROKEN": 7}
    assert [each.sample for each in made.broke_sandbox] == [f"p{i}#0" for i in range(1, 8)]
    [told] = [caution for caution in cautions(made) if "broke the sandbox" in caution]
    assert told.startswith("7 of 8 samples count as failed") and told.count(f"program {digest[:12]}") == 5
    assert "p5#0, program abababababab; ...)" in told and f"farm regrade {RUN} judges again" in told
    assert "broke_sandbox" not in report(solved(1, 1)).model_dump(mode="json"), "said only where there is one"


def test_the_contest_months_are_the_contamination_curve() -> None:
    shown = plain_text(report(solved(3, 8)))
    assert line(shown, "2024-02")[:5] == ["2024-02", "2", "2/2", "1", "50.00"]
    assert "The contamination curve: a fall that begins at the model's training cut-off" in shown


def test_provenance_names_all_that_a_score_needs() -> None:
    run_spec = spec(20, judge=JudgeSpec(mode="lcb", variant="tt"))
    made = report(solved(3, 20), run_spec, timing=Timing(started_at=1.7e9, wall_s=2.0))
    shown = plain_text(made)
    for needed in (
        RUN,
        "meta-llama/Llama-3.2-3B-Instruct",
        "n300",
        "http://127.0.0.1:8000/v1",
        "tt@1, digest " + "1" * 64,
        "lcb (tt), comparator lcb-text@1",
        "2" * 64,
        "temperature not sent",
        "seed 42",
        "SHA-256 of canonical JSON [seed, problem_id, index]",
        "alarm after 6 s wall less starvation, 1024 MiB",
        "2023-11-14 22:13:20+00:00",
        made.score_digest(),
    ):
        assert needed in shown, needed


def test_work() -> None:
    facts = [sample(i, prompt_tokens=100, completion_tokens=50, latency_s=1.0 + i, ttft_s=0.1) for i in range(4)]
    made = aggregate(
        RUN, spec(4), [problem(i) for i in range(4)], facts, Counters(resends=2, conflicts=1), Timing(wall_s=10.0)
    )
    shown = plain_text(made)
    assert line(shown, "completion tokens per second")[-1] == "20.0"
    assert "p50 2.00 s, p95 4.00 s, max 4.00 s" in shown
    assert line(shown, "resends")[-1] == "2"
    assert "retries" not in shown
    assert "caution: 1 result(s) came a second time and differed; the first one counts." in shown


def test_no_cautions_for_a_plain_full_run() -> None:
    assert cautions(report(solved(129, 1055), spec(1055, references=(GPU,)))) == []


def test_another_model_than_asked_for_is_said() -> None:
    facts = [sample(0, answered_by="smollm2"), sample(1, answered_by="smollm2")]
    made = aggregate(RUN, spec(2), [problem(0), problem(1)], facts)
    assert made.spec.model is not None
    assert f"The server says that smollm2 answered, not {made.spec.model.repo}." in cautions(made)


def test_cautions() -> None:
    made = report(solved(5, 20), spec(20, references=(GPU,), protocol="official@1"))
    assert cautions(made) == ["The reference scores were measured on 1055 problems, this run has 20."]
    run_spec = spec(3, kind="grade", ks=(1, 5))
    data = run_spec.dataset.model_copy(update={"tests": "public", "skipped_rows": 2})
    facts = [sample(0, finish_reason="length"), sample(1)]
    graded = aggregate(RUN, run_spec.model_copy(update={"dataset": data}), [problem(i) for i in range(3)], facts)
    told = "\n".join(cautions(graded))
    for part in (
        "Only public tests",
        "2 row(s)",
        "1 of 3 problems have no completion",
        "k = 5",
        "1 of 2 answers were cut",
    ):
        assert part in told
    assert "reference" not in told


def test_what_the_server_refused_is_not_finished_by_asking_again() -> None:
    facts = grid(solved(10, 20))
    for number, reason in ((7, "generate: RequestRejected: HTTP 400: no"), (8, "generate: PromptTooLong: 9 tokens")):
        facts[number] = SampleFacts(facts[number].key, unjudged_reason=reason)
    made = aggregate(RUN, spec(20), [problem(i) for i in range(20)], facts)
    said = f"would again: change the request or the server before farm resume {RUN}"
    assert said in plain_text(made)
    facts[9] = SampleFacts(facts[9].key, unjudged_reason="generate: ServerError: HTTP 500")
    made = aggregate(RUN, spec(20), [problem(i) for i in range(20)], facts)
    assert f"finish with: farm resume {RUN}" in plain_text(made), "one of them may be had"


def test_time_outs_on_a_busy_host_are_counted() -> None:
    facts = grid(solved(10, 20))
    facts[15] = sample(15, verdict=Verdict.TIME_LIMIT, starved=True)
    facts[16] = sample(16, verdict=Verdict.TIME_LIMIT)
    [said] = cautions(aggregate(RUN, spec(20), [problem(i) for i in range(20)], facts))
    assert said.startswith("1 of 2 time-outs came on a busy host") and "--workers 1" in said


@pytest.mark.parametrize(("seen", "luck"), [(Verdict.PASSED, True), (Verdict.TIME_LIMIT, False)])
def test_samples_that_are_not_deterministic_are_counted_and_the_first_are_named(seen: Verdict, luck: bool) -> None:
    facts = grid(solved(10, 20))
    for i in range(10, 17):
        facts[i] = sample(i, passed=False, seen=(Verdict.WRONG_ANSWER, seen))
    judge = spec(20).judge.model_copy(update={"repeats": 5})
    made = aggregate(RUN, spec(20, judge=judge), [problem(i) for i in range(20)], facts)
    [said] = cautions(made)
    assert said.startswith(
        "7 of 20 samples are not deterministic (p10#0, p11#0, p12#0, p13#0, p14#0, ...): judged 5 times"
    )
    assert ("7 passed at times" in said) == luck
    assert "not deterministic" in plain_text(made) and "not deterministic" in as_markdown(made)


def test_the_report_of_a_terminal_is_short_and_ends_with_the_score_and_what_to_do_next(tmp_path: Path) -> None:
    out = io.StringIO()
    show(report(solved(10, 20)), out, full=False)
    assert "\nVerdicts\n" in out.getvalue() and "Provenance" not in out.getvalue()
    end = io.StringIO()
    show_ending(report(solved(10, 20)), [tmp_path / "report.json"], end)
    path, empty, score, following, *commands = end.getvalue().splitlines()
    assert path == str(tmp_path / "report.json") and not empty and score.startswith("pass@1 ") and following == "next:"
    assert [line.split("  ")[1] for line in commands] == [
        f"farm inspect {RUN}", f"farm compare {RUN} OTHER", f"farm report {RUN} --full",
    ]  # fmt: skip
    end = io.StringIO()
    show_ending(incomplete(), [], end)
    assert end.getvalue().splitlines()[3].startswith(f"  farm resume {RUN}")
