from __future__ import annotations

from farm.records import ServedModel
from farm.reports.as_markdown import as_markdown
from farm.reports.tt_row import tt_row
from farm.scoring.aggregate import aggregate
from tests.unit.reports.build import GPU, PUBLISHED, grid, problem, report, solved, spec

MODEL = ServedModel(name="Llama-3.2-3B-Instruct", repo="meta-llama/Llama-3.2-3B-Instruct", device="n300")


def test_the_row_of_the_published_failure() -> None:
    lines = tt_row(report(solved(129, 1055), spec(1055, references=(GPU, PUBLISHED))), MODEL).splitlines()
    assert lines[0] == "### Accuracy Evaluations for Llama-3.2-3B-Instruct on n300"
    assert lines[2] == (
        "| model | device | task_name | accuracy_check | score | ratio_to_reference | gpu_reference_score "
        "| ratio_to_published | published_score |"
    )
    assert lines[4] == (
        "| Llama-3.2-3B-Instruct | n300 | livecodebench | FAIL ⛔ | 12.23 | 0.88 "
        "| [13.93](https://example.org/issues/311#issuecomment-2991859987) | 2.26 | 5.40 |"
    )


def test_what_does_not_exist_is_not_available() -> None:
    assert "| N/A | 50.00 | N/A | N/A | N/A | N/A |" in tt_row(report(solved(10, 20)), MODEL)
    pending = aggregate("run-1", spec(2, references=(GPU,)), [problem(0), problem(1)], grid([[True]]))
    assert "| N/A | N/A | N/A | [13.93](" in tt_row(pending, MODEL)


def test_graded_files_have_no_such_row() -> None:
    graded = report(solved(1, 2), spec(2, kind="grade"))
    assert "Accuracy Evaluations" not in as_markdown(graded)
    assert "Accuracy Evaluations" in as_markdown(report(solved(1, 2)))
