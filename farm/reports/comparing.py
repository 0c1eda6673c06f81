"""A comparison of two runs as sections: what was not equal first, then the test, then the flips by name."""

from __future__ import annotations

from collections.abc import Sequence

from farm.reports.section import Section, p_shown, percent
from farm.scoring.paired import Comparison, Flip, PairedTest
from farm.scoring.report import Repeats

FLIPS_SHOWN = 50  # a side; the JSON has all
METHODS = {
    "mcnemar-exact": "exact McNemar test over problems",
    "sign-flip-by-problem": "permutation test, clustered by problem",
}


def headline(comparison: Comparison) -> str:
    """One sentence: which run is higher, if that can be said at all."""
    pair = f"{comparison.run_b} against {comparison.run_a}"
    warning = "" if comparison.same_measurement else "NOT THE SAME MEASUREMENT. "
    test = comparison.test
    if test is None:
        return (
            f"{warning}INCOMPLETE: {comparison.unjudged} of {comparison.problems} common problems are not judged on "
            f"both sides, so {pair} has no answer"
        )
    return (
        f"{warning}{pair}: {_signed(test.difference)} points of pass@1 "
        f"({_signed(test.low)} to {_signed(test.high)}), {test.standing} (p {p_shown(test.p_value)})"
    )


def cautions(comparison: Comparison) -> list[str]:
    """What makes the two scores incomparable, or the pairs fewer than they seem."""
    found = []
    decisive = [difference.what for difference in comparison.differences if difference.measurement]
    if decisive:
        found.append(
            f"The runs differ in {', '.join(decisive)}: their scores do not measure the same. "
            "The difference below is not one of models or builds alone."
        )
    if comparison.only_in_a or comparison.only_in_b:
        found.append(
            f"Only the {comparison.problems} common problems are compared: {comparison.only_in_a} are in the first "
            f"run alone, {comparison.only_in_b} in the second."
        )
    for run_id in comparison.without_program:
        found.append(f"No answer of {run_id} holds a program, so the comparison says nothing of its model.")
    if comparison.other_tests:
        found.append(f"{len(comparison.other_tests)} common problem(s) were judged on other tests.")
    if comparison.prompts_equal < comparison.prompts_compared:
        found.append(
            f"{comparison.prompts_compared - comparison.prompts_equal} of {comparison.prompts_compared} prompts "
            "were not the same."
        )
    return found


def sections(comparison: Comparison) -> list[Section]:
    """All sections that have something to say, the differences between the runs first."""
    found = [_differences(comparison), *([] if comparison.test is None else [_test(comparison, comparison.test)])]
    found.append(_flips("Solved more often by the second run", comparison.better_b))
    found.append(_flips("Solved more often by the first run", comparison.better_a))
    return [section for section in found if section.rows]


def repeats_section(repeats: Repeats, runs: Sequence[str]) -> Section:
    """Several runs as repeats of one measurement."""
    scores = list(zip(runs, repeats.scores, strict=True)) if len(runs) == len(repeats.scores) else []
    rows = [(run, percent(score)) for run, score in scores]
    rows += [
        ("mean pass@1", percent(repeats.mean)),
        ("standard deviation, points", f"{repeats.deviation * 100:.2f}"),
        ("flip rate", f"{percent(repeats.flip_rate)} ({repeats.flipped} of {repeats.problems} problems)"),
        ("problems with differing verdicts", str(repeats.verdicts_differ)),
    ]
    return Section(f"{repeats.repeats} repeats", ("", "value"), tuple(rows))


def _differences(comparison: Comparison) -> Section:
    rows = tuple(
        (("! " if difference.measurement else "") + difference.what, difference.a, difference.b)
        for difference in comparison.differences
    )
    notes = ("! another measurement: the scores are not comparable as they stand.",)
    decisive = not comparison.same_measurement
    return Section("Not equal", ("", comparison.run_a, comparison.run_b), rows, notes if decisive else (), text=True)


def _test(comparison: Comparison, test: PairedTest) -> Section:
    rows = [
        (f"pass@1 of {comparison.run_a}", percent(test.score_a)),
        (f"pass@1 of {comparison.run_b}", percent(test.score_b)),
        ("difference, points", _signed(test.difference)),
        ("95 % interval, points", f"{_signed(test.low)} to {_signed(test.high)}"),
        ("p, two-sided", p_shown(test.p_value)),
        ("problems", str(comparison.problems)),
        ("better in the second run", str(len(comparison.better_b))),
        ("better in the first run", str(len(comparison.better_a))),
    ]
    if comparison.answers_compared:
        rows.append(("identical answers", f"{comparison.answers_equal} of {comparison.answers_compared}"))
    visible = (
        "So few problems could show no difference."
        if test.smallest_difference is None
        else f"A true difference below {test.smallest_difference * 100:.1f} points would mostly go unseen."
    )
    notes = (f"{METHODS[test.method][0].upper()}{METHODS[test.method][1:]}. {visible}",)
    return Section("Paired comparison", ("", "value"), tuple(rows), notes)


def _flips(title: str, flips: Sequence[Flip]) -> Section:
    rows = tuple(
        (
            flip.problem_id,
            f"{flip.passed_a}/{flip.samples_a}",
            f"{flip.passed_b}/{flip.samples_b}",
            flip.verdict_a.value,
            flip.verdict_b.value,
        )
        for flip in flips[:FLIPS_SHOWN]
    )
    more = len(flips) - len(rows)
    notes = (f"... and {more} more; --json has all.",) if more else ()
    header = ("problem", "passed, first run", "second run", "verdict, first run", "second run")
    return Section(f"{title}: {len(flips)}", header, rows, notes, text=True)


def _signed(share: float) -> str:
    return f"{share * 100:+.2f}"
