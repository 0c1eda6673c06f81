"""The row that tt-inference-server's reports show for an accuracy evaluation, in its first Markdown form."""

from __future__ import annotations

from farm.records import ServedModel
from farm.reports import markdown
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.report import Report

HEADER = (
    "model",
    "device",
    "task_name",
    "accuracy_check",
    "score",
    "ratio_to_reference",
    "gpu_reference_score",
    "ratio_to_published",
    "published_score",
)
CHECKS = {AccuracyCheck.NA: "N/A", AccuracyCheck.PASS: "PASS ✅", AccuracyCheck.FAIL: "FAIL ⛔"}


def tt_row(report: Report, model: ServedModel) -> str:
    """Heading, table and note. Scores in percent; N/A where a number does not exist."""
    check = report.references
    row = (
        markdown.cell(model.name),
        markdown.cell(model.device),
        markdown.cell(report.spec.eval_task),
        CHECKS[check.accuracy_check],
        _number(check.score),
        _number(check.ratio_to_reference),
        _reference(report, "gpu_reference"),
        _number(check.ratio_to_published),
        _reference(report, "published"),
    )
    return "\n\n".join(
        (
            f"### Accuracy Evaluations for {markdown.cell(model.name)} on {markdown.cell(model.device)}",
            markdown.table(HEADER, [row]),
            f"Note: accuracy_check passes if score / gpu_reference_score is at least {1 - check.tolerance:g}; "
            "without a GPU reference the published score takes its place; without both it is N/A. "
            "Scores are pass@1 in percent.",
        )
    )


def _number(value: float | None) -> str:
    return "N/A" if value is None else f"{value:.2f}"


def _reference(report: Report, label: str) -> str:
    row = next((row for row in report.references.rows if row.label == label and not row.unlike), None)
    return "N/A" if row is None else markdown.link(f"{row.score:.2f}", row.source)
