"""What a reader sees of a comparison: what was not equal first, then the answer."""

from __future__ import annotations

import io

from farm.reports.comparing import FLIPS_SHOWN, cautions, headline, repeats_section, sections
from farm.reports.table import show_comparison, show_sections
from farm.scoring.paired import Comparison, PairedRun, compare_runs
from farm.scoring.repeats import repeats
from tests.unit.reports.build import HOSTILE, spec
from tests.unit.reports.test_hostile import harmless
from tests.unit.scoring.test_paired import FAILED, single


def shown(comparison: Comparison) -> str:
    out = io.StringIO()
    show_comparison(comparison, out)
    return out.getvalue()


def test_equal_conditions() -> None:
    found = compare_runs(single("run-a", {0, 1, 2}, 50), single("run-b", set(range(1, 30)), 50))
    # 27 problems only b solved, 1 only a: (27 - 1) / 52, by 1.96 sqrt((29 / 52 - 0.5^2) / 52)
    assert headline(found) == "run-b against run-a: +52.00 points of pass@1 (+34.92 to +65.08), higher (p < 0.001)"
    assert cautions(found) == []
    text = shown(found)
    assert "Exact McNemar test over problems. A true difference below" in text
    assert "Solved more often by the first run: 1\n" in text
    assert "p0       1/1" in text
    assert sections(found)[0].title == "Paired comparison"


def test_another_measurement_is_said_first_and_loudly() -> None:
    b = single("run-b", {0}, 20)
    other = PairedRun(b.run_id, b.spec.model_copy(update={"protocol": "official@1"}), b.versions, b.problems)
    found = compare_runs(single("run-a", {0}, 20), other)
    text = shown(found)
    assert text.startswith("NOT THE SAME MEASUREMENT. run-b against run-a: +0.00 points")
    assert "caution: The runs differ in protocol, prompts made by: their scores do not measure the same." in text
    assert text.index("! protocol") < text.index("Paired comparison")
    assert next(section.title for section in sections(found)) == "Not equal"


def test_an_incomplete_comparison_has_no_answer() -> None:
    a, b = single("run-a", {0}, 3), single("run-b", {0}, 3)
    open_problem = {**b.problems, "p1": type(b.problems["p1"])("5" * 64, (type(b.problems["p1"].samples[0])(None),))}
    found = compare_runs(a, PairedRun("run-b", b.spec, b.versions, open_problem))
    assert "INCOMPLETE: 1 of 3 common problems are not judged on both sides" in headline(found)
    assert "Paired comparison" not in shown(found)


def test_long_lists_of_flips_are_cut_and_say_so() -> None:
    found = compare_runs(single("run-a", set(), 80), single("run-b", set(range(80)), 80))
    text = shown(found)
    assert "Solved more often by the second run: 80\n" in text
    assert f"... and {80 - FLIPS_SHOWN} more; --json has all." in text


def test_foreign_text_does_nothing() -> None:
    a = single("run-a", {0}, 2)
    odd = spec(2, protocol=HOSTILE, servers=(HOSTILE,))
    found = compare_runs(a, PairedRun("run-b", odd, a.versions, {HOSTILE: a.problems["p0"], "p1": a.problems["p1"]}))
    assert harmless(shown(found))


def test_repeats() -> None:
    passed = single("x", {0}, 1).problems["p0"].samples[0].verdict
    assert passed is not None
    found = repeats([[passed, FAILED], [passed, passed]])
    assert found is not None
    out = io.StringIO()
    show_sections("2 runs as repeats", [repeats_section(found, ["run-a", "run-b"])], out)
    text = out.getvalue()
    assert "run-a" in text and "100.00 %" in text and "50.00 % (1 of 2 problems)" in text
    assert "run-a" not in [row[0] for row in repeats_section(found, ["run-a"]).rows]  # several samples of a run
