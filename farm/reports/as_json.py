"""A report as JSON: report.json."""

from __future__ import annotations

import json

from farm.scoring.report import Report


def as_json(report: Report) -> str:
    """The record's fields and `score_digest`, indented, keys sorted, ASCII; equal reports give equal text."""
    value = {**report.model_dump(mode="json"), "score_digest": report.score_digest()}
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
