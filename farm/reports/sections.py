"""A report as sections of rows: what the terminal and the Markdown file both show, in one order."""

from __future__ import annotations

from collections.abc import Sequence

from farm.benchmarks.registry import HARBOR
from farm.records import TIER_NONE
from farm.reports import background
from farm.reports.section import Section, p_shown, percent
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.report import Group, ReferenceRow, Report
from farm.scoring.statistics import Interval

CHECKS = {AccuracyCheck.NA: "NA", AccuracyCheck.PASS: "PASS", AccuracyCheck.FAIL: "FAIL"}
METHODS = {
    "wilson": "Wilson",
    "wilson-by-problem": "Wilson, clustered by problem",
    "bootstrap-by-problem": "bootstrap by problem",
}
# Failures of a request that another try of the same one cannot heal
REFUSED = ("RequestRejected", "PromptTooLong", "AnswerWithheld")
EXACT_WIDTH = 40  # longer fractions stay in report.json


def sections(report: Report) -> list[Section]:
    """All sections that have something to say, the score first."""
    further = (
        _groups(report, "By platform", "platform", report.by_platform),
        _months(report),
        background.work(report),
        background.provenance(report),
    )
    return [*brief_sections(report), *(section for section in further if section.rows)]


def brief_sections(report: Report) -> list[Section]:
    """The sections that fit on a screen: what a reader wants first."""
    first = (
        _score(report),
        _references(report),
        background.other_tool(report),
        background.judged_again(report),
        _errata(report),
        background.unjudgeable(report),
        _repeats(report),
        _verdicts(report),
        _groups(report, "By difficulty", "difficulty", report.by_difficulty),
    )
    return [section for section in first if section.rows]


def next_commands(report: Report) -> list[str]:
    """Three commands that one wants after a run, each with what it does; of an INCOMPLETE one the first finishes it."""
    run_id = report.run_id
    failures = f"farm inspect {run_id}", "problems, answers, programs and the tests that failed"
    if report.complete:
        rows = [failures, (f"farm compare {run_id} OTHER", "the difference to another run, problem by problem")]
    else:
        rows = [(finish_with(report), "judge what is not judged"), failures]
    rows.append((f"farm report {run_id} --full", "all tables; report.html has charts and each problem"))
    width = max(len(command) for command, _ in rows)
    return [f"  {command:{width}}  {does}" for command, does in rows]


def headline(report: Report) -> str:
    """One sentence: the score and its interval, or that there is none."""
    score, cover = report.pass_at_1, report.coverage
    if score is None and report.telemetry.running:
        return (
            f"RUNNING: {cover.judged} of {cover.planned} samples are judged, the score comes last; {watch_it(report)}"
        )
    if score is None:
        return (
            f"INCOMPLETE: {cover.unjudged} of {cover.planned} samples are not judged, so there is no score. "
            f"Partial counts follow; {way_to_finish(report)}"
        )
    return f"pass@1 {percent(score.score)} ({_interval(score.interval)}), {_hits(report)}"


def watch_it(report: Report) -> str:
    """What to do about a run that is being driven: a resume would be refused."""
    return f"follow it: farm watch {report.run_id} (if its coordinator has died: farm resume {report.run_id})"


def way_to_finish(report: Report) -> str:
    """What to do about an INCOMPLETE report, in words."""
    if report.telemetry.running:
        return watch_it(report)
    if report.spec.protocol == HARBOR.ident:
        return "let harbor try what failed again (harbor job resume), then import its result as another run"
    reasons = report.coverage.unjudged_reasons
    if reasons and all(any(f"{kind}: " in reason for kind in REFUSED) for reason in reasons):
        return (
            "the server refused what is not judged, and would again: change the request or the server "
            f"before {finish_with(report)}"
        )
    return f"finish with: {finish_with(report)}"


def finish_with(report: Report) -> str:
    """The command that judges what an INCOMPLETE report lacks."""
    source = report.spec.regraded_from
    resume = f"farm resume {report.run_id}"
    unsandboxed = report.telemetry.sandboxes.get(TIER_NONE, 0)
    if unsandboxed:
        # They have a verdict, so a resume has nothing to do for them; it has for the others.
        again = f"farm regrade {report.run_id} --sandbox auto"
        return again if unsandboxed == report.coverage.unjudged else f"{resume}, then {again}"
    # A run that judges another's completions lacks those that the other one lacks.
    if source is not None and report.coverage.not_generated:
        return f"farm resume {source.run_id}, then {resume}"
    return resume


def _hits(report: Report) -> str:
    hits = report.first_sample
    return f"first sample solved {hits.hits} of {hits.problems} problems"


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low * 100:.2f} to {interval.high * 100:.2f} %"


def _partial(report: Report, title: str) -> str:
    return title if report.complete else f"{title} (partial)"


# --- the score ----------------------------------------------------------------------------------


def _score(report: Report) -> Section:
    cover, (fewest, most) = report.coverage, report.samples_per_problem
    if not report.complete:
        rows = [
            ("samples planned", str(cover.planned)),
            ("judged", str(cover.judged)),
            ("of these passed (partial)", str(report.verdicts.get("PASSED", 0))),
            (
                "problems solved by a first sample (partial)",
                f"{report.first_sample.hits}/{report.first_sample.problems}",
            ),
            ("not judged", str(cover.unjudged)),
            *((f"  {reason}", str(times)) for reason, times in sorted(cover.unjudged_reasons.items())),
        ]
        shown = ", ".join(cover.unjudged_samples)
        more = "" if cover.unjudged == len(cover.unjudged_samples) else ", ..."
        title = "Score: none yet, the run goes on" if report.telemetry.running else "Score: INCOMPLETE"
        return Section(title, ("", "samples"), tuple(rows), (f"Not judged: {shown}{more}",))
    rows_k = tuple(
        (
            f"pass@{p.k}",
            percent(p.score),
            _interval(p.interval),
            "-" if p.standard_error is None else f"{p.standard_error * 100:.2f}",
            p.exact if len(p.exact) <= EXACT_WIDTH else "-",
        )
        for p in report.pass_at_k
    )
    each = str(fewest) if fewest == most else f"{fewest} to {most}"
    notes = [f"{_hits(report)}; {each} sample(s) of each problem, {cover.judged} judged in all."]
    notes.append(f"Intervals: {', '.join(sorted({METHODS[p.interval.method] for p in report.pass_at_k}))}.")
    if report.smallest_difference is None:
        notes.append("So few problems cannot show a difference to another run, whatever it is.")
    else:
        notes.append(
            f"Against an equal run, unpaired, a difference below {report.smallest_difference * 100:.1f} points of "
            "pass@1 would mostly go unseen; farm compare sees smaller ones."
        )
    return Section("Score", ("", "score", "95 % interval", "std. error", "exact"), rows_k, tuple(notes))


def _errata(report: Report) -> Section:
    """Flawed problems by name, and the second score without them."""
    errata = report.errata
    if errata is None:
        return Section("Errata", (), ())
    rows = [(problem_id, reason, "counted") for problem_id, reason in sorted(errata.flawed.items())]
    rows += [(problem_id, reason, "left out") for problem_id, reason in sorted(errata.excluded.items())]
    notes = []
    if errata.flawed and report.complete and not errata.pass_at_k:
        notes.append("Each problem of this run carries an erratum: there is no score without them.")
    for again in errata.pass_at_k[:1]:
        notes.append(
            f"Without the {len(errata.flawed)} counted ones: pass@1 {percent(again.score)} "
            f"({_interval(again.interval)}) over {errata.problems} problems. The score above counts them, "
            "as its protocol does."
        )
    if errata.flawed and not report.complete:
        notes.append("INCOMPLETE: there is no score without them either.")
    header = ("problem", "erratum", "in the score")
    return Section(f"Errata ({errata.version})", header, tuple(rows), tuple(notes), text=True)


def _repeats(report: Report) -> Section:
    """The n samples as n repeats: what moves although nothing was changed."""
    told = report.repeats
    if told is None:
        return Section("Repeats", (), ())
    rows = (
        ("repeats", str(told.repeats)),
        ("mean pass@1", percent(told.mean)),
        ("standard deviation, points", f"{told.deviation * 100:.2f}"),
        ("lowest and highest", f"{percent(min(told.scores))} to {percent(max(told.scores))}"),
        ("flip rate", f"{percent(told.flip_rate)} ({told.flipped} of {told.problems} problems)"),
        ("problems with differing verdicts", str(told.verdicts_differ)),
    )
    notes = ("The n-th samples of all problems are one repeat. A flip: passed in some repeats, failed in others.",)
    return Section("Repeats", ("", "value"), rows, notes)


# --- references ---------------------------------------------------------------------------------


def _references(report: Report) -> Section:
    check = report.references
    rows = tuple(
        (
            _name(row),
            f"{row.score:.2f}",
            "-" if row.hits is None else f"{row.hits}/{row.problems}",
            "-" if row.ratio is None else f"{row.ratio:.2f}",
            "not compared" if row.unlike else row.standing or "-",
            p_shown(row.p_value),
            "-" if row.standing is None else _points(row.smallest_difference),
        )
        for row in check.rows
    )
    notes = [_verdict_of_the_check(report)]
    if check.gate_hits is not None and check.false_fail is not None:
        notes.append(
            f"It passes from {check.gate_hits} solved problems on; a model exactly as good as the reference "
            f"fails it {check.false_fail * 100:.0f} % of the time."
        )
    for row in check.rows:
        if row.unlike:
            notes.append(f"The {_name(row)} score was measured otherwise ({', '.join(row.unlike)}): not compared.")
        elif row.standing == "not distinguishable":
            notes.append(
                f"Not distinguishable from the {_name(row)} score (p >= 0.05, unpaired"
                f"{', exact test' if row.test == 'exact' else ''}). {_could_have_seen(row)}"
            )
        elif report.complete and row.standing is None:
            notes.append(f"The {_name(row)} score of {row.score:g} can be compared with nothing: not within 0 to 100.")
        notes.append(f"Source of the {_name(row)} score: {row.source or 'not stated'}")
    header = ("reference", "percent", "hits", "ratio", "this run is", "p", "visible from")
    return Section("Reference scores", header, rows, tuple(notes))


def _verdict_of_the_check(report: Report) -> str:
    check = report.references
    said = f"Accuracy check of tt-inference-server (tolerance {check.tolerance:g}): {CHECKS[check.accuracy_check]}"
    deciding = next((row for row in check.rows if row.label == check.decided_by and not row.unlike), None)
    if not report.complete:
        return f"{said}: the run is INCOMPLETE."
    if deciding is None:
        return f"{said}: no reference score was measured like this run."
    if deciding.standing == "not distinguishable":
        return f"{said}; not distinguishable from the reference."
    return f"{said}; {deciding.standing} the reference, by more than chance."


def _name(row: ReferenceRow) -> str:
    return row.label.replace("_", " ")


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:.1f}"


def _could_have_seen(row: ReferenceRow) -> str:
    if row.smallest_difference is None:
        return "A run this small could have seen no difference."
    return f"This run could have seen a true difference of {row.smallest_difference:.1f} points or more."


# --- verdicts and groups ------------------------------------------------------------------------


def _verdicts(report: Report) -> Section:
    total = report.coverage.judged
    ordered = sorted(report.verdicts.items(), key=lambda item: (item[0] != "PASSED", -item[1], item[0]))
    rows = tuple((verdict, str(count), percent(count / total)) for verdict, count in ordered)
    notes = [f"{report.truncated} answer(s) were cut at the token limit."] if report.truncated else []
    if report.checked:
        notes.append(
            f"{report.checked} verdict(s) were decided by a problem's checker: several answers are right there."
        )
    return Section(_partial(report, "Verdicts"), ("verdict", "samples", "share"), rows, tuple(notes))


def _groups(report: Report, title: str, column: str, groups: Sequence[Group], notes: tuple[str, ...] = ()) -> Section:
    rows = tuple(
        (g.name, str(g.problems), f"{g.judged}/{g.samples}", str(g.passed), percent(g.pass_at_1), _interval(g.interval))
        for g in groups
    )
    header = (column, "problems", "judged", "passed", "pass@1", "95 % interval")
    return Section(_partial(report, title), header, rows, notes)


def _months(report: Report) -> Section:
    told = (
        "The contamination curve: a fall that begins at the model's training cut-off hints at problems it had seen. "
        "Months differ in platforms and difficulty, too, and their intervals are wide."
    )
    notes = (told,) if report.complete and len(report.by_month) > 1 else ()
    return _groups(report, "By contest month", "month", report.by_month, notes)
