"""A suite as sections: each task's score and those of others, the tasks of its groups, and what has no score."""

from __future__ import annotations

from farm.records import Reference
from farm.reports import markdown
from farm.reports.section import Section
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.harness.suite import SuiteReport, TaskScore


def headline(report: SuiteReport) -> str:
    """One sentence: the answer for all tasks, and how many there are of each kind."""
    tasks = report.tasks
    counts = {
        "passed": sum(row.check is AccuracyCheck.PASS for row in tasks),
        "failed": sum(row.check is AccuracyCheck.FAIL for row in tasks),
        "without a reference": sum(row.state == "complete" and row.check is AccuracyCheck.NA for row in tasks),
        "incomplete": sum(row.state in ("incomplete", "failed") for row in tasks),
        "not run here": sum(row.state == "not run" for row in tasks),
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    mode = "" if report.spec.mode == "full" else f" ({report.spec.mode})"
    return f"{report.outcome}: {report.spec.model} on {report.spec.device}{mode}, {len(tasks)} tasks: {told}"


def sections(report: SuiteReport) -> list[Section]:
    """All sections that have something to say."""
    return [section for section in (_tasks(report), _parts(report), _references(report), _open(report)) if section.rows]


def as_markdown(report: SuiteReport) -> str:
    """The whole report; every text from outside escaped."""
    parts = [f"# {markdown.cell(f'Suite {report.suite_id}')}", f"**{markdown.cell(headline(report))}**"]
    for section in sections(report):
        cells = ([markdown.cell(text) for text in row] for row in section.rows)
        parts.append(f"## {markdown.cell(section.title)}")
        parts.append(markdown.table(section.header, cells, text=section.text))
        parts += [markdown.cell(note, limit=4000) for note in section.notes]
    return "\n\n".join(parts) + "\n"


def _tasks(report: SuiteReport) -> Section:
    rows = []
    for row in report.tasks:
        if row.state == "not run":
            continue
        deciding = row.decided_by
        rows.append((
            row.task,
            _score(row),
            row.measure or "-",
            "-" if row.documents is None else str(row.documents),
            "-" if deciding is None else f"{deciding.score:g} ({_label(deciding)})",
            "-" if row.ratio is None else f"{row.ratio:.3f}",
            row.check.name if row.state == "complete" else row.state,
            row.run_id or "-",
        ))  # fmt: skip
    header = ("task", "score", "of", "documents", "reference", "ratio", "accuracy check", "run")
    notes = (
        "The accuracy check is tt-inference-server's: the score over the reference is at least 1 - tolerance; on a "
        "reference of the same few documents, at least floor(documents x reference x (1 - tolerance)) are solved.",
    )
    return Section("Tasks", header, tuple(rows), notes, text=True)


def _parts(report: SuiteReport) -> Section:
    rows = tuple(
        (row.part_of, row.task, _score(row), row.measure or "-",
         "-" if row.documents is None else str(row.documents), row.run_id or "-")
        for row in report.rows if row.part_of
    )  # fmt: skip
    return Section("Parts of groups", ("group", "task", "score", "of", "documents", "run"), rows, text=True)


def _references(report: SuiteReport) -> Section:
    rows = []
    for row in report.tasks:
        for ref in row.references:
            unlike = f"not compared: measured with {', '.join(ref.unlike)}" if ref.unlike else "compared"
            rows.append((row.task, f"{ref.score:g}", _label(ref), unlike, ref.source))
    return Section("Scores of others", ("task", "score", "kind", "", "source"), tuple(rows), text=True)


def _open(report: SuiteReport) -> Section:
    """What has no score, and why: tasks that other programs run, and what is not finished."""
    rows = tuple((row.task, row.state, row.why) for row in report.rows if row.why)
    return Section("Without a score", ("task", "state", "why"), rows, text=True)


def _score(row: TaskScore) -> str:
    if row.score is None:
        return "-"
    return f"{row.score:.2f}" if row.stderr is None else f"{row.score:.2f} ± {row.stderr:.2f}"


def _label(reference: Reference) -> str:
    words = "GPU" if reference.label == "gpu_reference" else "published"
    return f"{words}, same documents" if reference.subset else words
