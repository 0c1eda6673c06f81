"""Writing the report of a run as files."""

from __future__ import annotations

from pathlib import Path

from farm.app.home import blob_store
from farm.config import Settings
from farm.ledger.ledger import Ledger
from farm.reports.html.page import write_page
from farm.reports.samples_jsonl import write_samples
from farm.reports.write import durable, write_report
from farm.results.details import problem_details
from farm.results.reporting import sample_rows, score_run
from farm.scoring.report import Report


def write_reports(settings: Settings, ledger: Ledger, run_id: str, directory: Path) -> tuple[Report, list[Path]]:
    """Write report.json, report.md, report.html and samples.jsonl of a run into a folder."""
    report = score_run(ledger, run_id)
    paths = write_report(report, directory)
    page, samples = directory / "report.html", directory / "samples.jsonl"
    with durable(page) as file:
        write_page(report, problem_details(ledger, run_id, blob_store(settings).get), file)
    write_samples(samples, sample_rows(ledger, run_id))
    return report, [*paths, page, samples]


def report_directory(settings: Settings, run_id: str, out: Path | None) -> Path:
    """Where a run's report goes: `--out`, else under FARM_HOME."""
    return out if out is not None else settings.home / "reports" / run_id
