"""tt-inference-server's report data, in its first form and in that of today: docs/reports.md has the places."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from farm.records import ServedModel
from farm.reports.tt_row import CHECKS, tt_row
from farm.scoring.accuracy import AccuracyCheck
from farm.scoring.report import Report

NOT_KNOWN = "N/A"


def seed_row(report: Report, model: ServedModel) -> dict[str, Any]:
    """A row of `evals` in the first form."""
    check = report.references
    return {
        "model": model.name,
        "device": model.device,
        "task_name": report.spec.eval_task,
        "accuracy_check": int(check.accuracy_check),
        "score": _number(check.score),
        "ratio_to_reference": _number(check.ratio_to_reference),
        "gpu_reference_score": _score(report, "gpu_reference"),
        "gpu_reference_score_ref": _source(report, "gpu_reference"),
        "ratio_to_published": _number(check.ratio_to_published),
        "published_score": _score(report, "published"),
        "published_score_ref": _source(report, "published"),
        "metadata": {"dataset_path": report.spec.dataset.name},
    }


def seed_report(report: Report, model: ServedModel, model_id: str, report_id: str) -> dict[str, Any]:
    """The first form (to 2025-06-30): metadata, and the row."""
    return {
        "metadata": _metadata(report, model, model_id, report_id),
        "benchmarks_summary": [],
        "evals": [seed_row(report, model)],
        "benchmarks": [],
    }


def seed_markdown(report: Report, model: ServedModel) -> str:
    """The summary in Markdown, in the same folder."""
    return tt_row(report, model) + "\n"


def head_report(report: Report, model: ServedModel, model_id: str, report_id: str) -> dict[str, Any]:
    """Today's form (`report_module/`): one section of kind `evals`, and the acceptance that follows from it."""
    check = report.references
    passed = check.accuracy_check is not AccuracyCheck.FAIL and report.complete
    task = report.spec.eval_task
    seconds = report.telemetry.timing.wall_s / report.coverage.planned if report.telemetry.timing.wall_s else None
    data = {
        "task_name": task,
        "tolerance": check.tolerance,
        "published_score": _score(report, "published"),
        "published_score_ref": _source(report, "published"),
        "gpu_reference_score": _score(report, "gpu_reference"),
        "gpu_reference_score_ref": _source(report, "gpu_reference"),
        "score": _number(check.score),
        "ratio_to_published": _number(check.ratio_to_published),
        "ratio_to_reference": _number(check.ratio_to_reference),
        "accuracy_check": int(check.accuracy_check),
        "mean_seconds_per_task": seconds,
    }
    section = {
        "kind": "evals",
        "title": f"Accuracy Evaluations for {model.name} on {model.device}",
        "task_type": "llm",
        "id": f"{model.name}_{model.device.upper()}",
        "targets": {},
        "data": data,
    }
    blockers = {} if passed else {f"evals:{task}": f"accuracy_check {CHECKS[check.accuracy_check]}"}
    status = {AccuracyCheck.PASS: "PASS", AccuracyCheck.FAIL: "FAIL", AccuracyCheck.NA: "NA"}[check.accuracy_check]
    return {
        "metadata": _metadata(report, model, model_id, report_id),
        "sections": [section],
        "acceptance_criteria": passed,
        "acceptance_blockers": blockers,
        "acceptance_criteria_metadata": {
            "enforcement_result": "PASS" if passed else "FAIL",
            "model_status": None,
            "categories": {"Evals": {"status": status, "total": 1, "failed": int(not passed)}},
        },
        "acceptance_summary_markdown": seed_markdown(report, model),
    }


def report_id(report: Report, model: ServedModel, model_id: str, form: Literal["seed", "head"]) -> str:
    """`<model id>_<date>_<time>` in the first form, `<repo>_<ISO time without colons>` in today's."""
    timing = report.telemetry.timing
    moment = datetime.fromtimestamp(timing.finished_at or timing.started_at, UTC)
    if form == "seed":
        return f"{model_id}_{moment:%Y-%m-%d_%H-%M-%S}"
    return f"{model.repo.replace('/', '__')}_{moment:%Y-%m-%dT%H-%M-%S}"


def _metadata(report: Report, model: ServedModel, model_id: str, name: str) -> dict[str, Any]:
    return {
        "report_id": name,
        "model_name": model.name,
        "model_id": model_id,
        "model_repo": model.repo,
        "model_impl": model.engine,
        "device": model.device,
        "server_mode": "API",
        "tt_metal_commit": report.spec.build.tt_metal_commit,
        "vllm_commit": report.spec.build.vllm_commit,
        "run_command": f"farm report {report.run_id}",
    }


def _number(value: float | None) -> float | str:
    return NOT_KNOWN if value is None else value


def _row(report: Report, label: str) -> Any:
    return next((row for row in report.references.rows if row.label == label and not row.unlike), None)


def _score(report: Report, label: str) -> float | None:
    row = _row(report, label)
    return None if row is None else float(row.score)


def _source(report: Report, label: str) -> str | None:
    row = _row(report, label)
    return None if row is None else str(row.source)
