"""A report as one Markdown document: report.md."""

from __future__ import annotations

from farm.reports import markdown
from farm.reports.cautions import cautions
from farm.reports.sections import headline, sections
from farm.reports.tt_row import tt_row
from farm.scoring.report import Report


def as_markdown(report: Report) -> str:
    """The whole report; every text from outside escaped, so that it can be pasted into an issue."""
    spec = report.spec
    title = spec.eval_task if spec.model is None else f"{spec.model.name} on {spec.model.device}: {spec.eval_task}"
    parts = [f"# {markdown.cell(title)}", f"**{markdown.cell(headline(report))}**"]
    if warned := cautions(report):
        parts.append("\n".join(f"- {markdown.cell(caution)}" for caution in warned))
    for section in sections(report):
        cells = ([markdown.cell(text) for text in row] for row in section.rows)
        parts.append(f"## {markdown.cell(section.title)}")
        parts.append(markdown.table(section.header, cells, text=section.text))
        parts += [markdown.cell(note, limit=4000) for note in section.notes]
    if spec.model is not None:
        parts.append(tt_row(report, spec.model))
    return "\n\n".join(parts) + "\n"
