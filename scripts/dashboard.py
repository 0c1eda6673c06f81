"""Writes deploy/grafana/dashboards/farm.json: the panels are a list here, so that a review reads queries, not JSON.

python scripts/dashboard.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "dashboards" / "farm.json"
# title, unit, width in 24ths, then (query, legend) pairs
PANELS: list[tuple[str, str, int, list[tuple[str, str]]]] = [
    ("Samples by state", "short", 12, [('farm_samples{run=~"$run"}', "{{run}} {{state}}")]),
    ("Verdicts per minute", "short", 12,
     [('sum by (verdict) (rate(farm_verdicts_total{run=~"$run"}[2m])) * 60', "{{verdict}}")]),
    ("Tokens per second", "short", 8, [("sum by (server, kind) (rate(farm_tokens_total[2m]))", "{{server}} {{kind}}")]),
    ("Time to first token", "s", 8,
     [("histogram_quantile(0.5, sum by (le, server) (rate(farm_ttft_seconds_bucket[5m])))", "median {{server}}"),
      ("histogram_quantile(0.95, sum by (le, server) (rate(farm_ttft_seconds_bucket[5m])))", "95 % {{server}}")]),
    ("Latency of a completion", "s", 8,
     [("histogram_quantile(0.5, sum by (le, server) (rate(farm_generate_seconds_bucket[5m])))", "median {{server}}"),
      ("histogram_quantile(0.95, sum by (le, server) (rate(farm_generate_seconds_bucket[5m])))", "95 % {{server}}")]),
    ("Queues", "short", 8,
     [("farm_queue_depth", "{{queue}}"), ("farm_unacked", "in workers' hands"),
      ("sum(farm_result_stream_length)", "answers that wait")]),
    ("Slots", "short", 8, [("farm_worker_slots", "{{role}} {{state}}")]),
    ("Requests of each server", "short", 8,
     [("farm_admission_in_use", "in use {{server}}"), ("farm_admission_limit", "limit {{server}}"),
      ("farm_admission_waiting", "waiting {{server}}")]),
    ("Workers", "short", 8, [("sum by (role, version) (farm_workers)", "{{role}} {{version}}")]),
    ("Time of a sample's programs", "s", 8,
     [("histogram_quantile(0.5, sum by (le, tier) (rate(farm_execute_seconds_bucket[5m])))", "median {{tier}}"),
      ("histogram_quantile(0.95, sum by (le, tier) (rate(farm_execute_seconds_bucket[5m])))", "95 % {{tier}}")]),
    ("Cores that programs use", "short", 8, [("sum by (tier) (rate(farm_execute_cpu_seconds_total[2m]))", "{{tier}}")]),
    ("Failed attempts per minute", "short", 8,
     [('sum by (stage, outcome) (rate(farm_attempts_total{run=~"$run", outcome!="ok"}[5m])) * 60',
       "{{stage}} {{outcome}}")]),
    ("Retries, resends, duplicates", "short", 8, [('farm_run_events_total{run=~"$run"}', "{{run}} {{event}}")]),
    ("Given up and refused", "short", 8,
     [('sum by (stage, reason) (farm_unjudged_total{run=~"$run"})', "unjudged: {{stage}} {{reason}}"),
      ("farm_quarantined_total", "refused: {{reason}}")]),
    ("Redis memory", "bytes", 4, [("farm_redis_memory_bytes", "used"), ("farm_redis_memory_limit_bytes", "limit")]),
    ("Free space", "bytes", 4, [("farm_home_free_bytes", "ledger")]),
]  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    source = {"type": "prometheus", "uid": "farm-prometheus"}
    panels, x, y = [], 0, 0
    for number, (title, unit, width, queries) in enumerate(PANELS, start=1):
        if x + width > 24:
            x, y = 0, y + 8
        panels.append(
            {
                "id": number, "title": title, "type": "timeseries", "datasource": source,
                "gridPos": {"x": x, "y": y, "w": width, "h": 8},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [
                    {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": source}
                    for place, (query, legend) in enumerate(queries)
                ],
            }
        )  # fmt: skip
        x += width
    run = {
        "name": "run", "type": "query", "datasource": source, "query": "label_values(farm_samples, run)",
        "refresh": 2, "includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"},
    }  # fmt: skip
    return {
        "uid": "farm", "title": "farm", "schemaVersion": 39, "refresh": "15s", "editable": False,
        "time": {"from": "now-3h", "to": "now"}, "templating": {"list": [run]}, "panels": panels,
    }  # fmt: skip


def text() -> str:
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text())
    sys.exit(0)
