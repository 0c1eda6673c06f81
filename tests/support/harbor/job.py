"""A job's folder as harbor 0.26 writes it: `result.json` of the job, and one of each trial."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = "terminal-bench/terminal-bench-2-1"
WHEN = "2026-11-01T10:00:00"


def trial(
    task: str,
    *,
    rewards: dict[str, float] | None = None,
    errors: Sequence[str] = (),
    number: int = 0,
    model: str = "m",
    source: str = SOURCE,
) -> dict[str, Any]:
    """One trial's result. Of several errors the first is the trial's, the others are those of its steps."""
    raised = [
        {"exception_type": e, "exception_message": "", "exception_traceback": "", "occurred_at": WHEN} for e in errors
    ]
    return {
        "id": f"00000000-0000-0000-0000-{number:012}", "task_name": task, "trial_name": f"{task}__{number:07}",
        "trial_uri": f"file:///jobs/{task}", "task_id": {"path": f"tasks/{task}"}, "source": source,
        "task_checksum": f"sum-{task}",
        "agent_info": {"name": "terminus-2", "version": "2.0", "model_info": {"name": model, "provider": "openai"}},
        "verifier_result": None if rewards is None else {"rewards": rewards},
        "exception_info": raised[0] if raised else None,
        "step_results": [{"step_name": "s", "exception_info": error} for error in raised[1:]] or None,
        "started_at": WHEN, "finished_at": WHEN,
    }  # fmt: skip


def job(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The job's result, with harbor's statistics: the mean counts errored trials as 0, pass@k has no k of 1."""
    evals: dict[str, dict[str, Any]] = {}
    for row in rows:
        info = row["agent_info"]
        own = evals.setdefault(f"{info['name']}__{info['model_info']['name']}__{row['source']}", {
            "n_trials": 0, "n_errors": 0, "metrics": [], "pass_at_k": {}, "exception_stats": defaultdict(list),
            "reward_stats": defaultdict(lambda: defaultdict(list)),
        })  # fmt: skip
        own["n_trials"] += 1
        for key, value in ((row["verifier_result"] or {}).get("rewards") or {}).items():
            own["reward_stats"][key][str(value)].append(row["trial_name"])
        if row["exception_info"]:
            own["n_errors"] += 1
            own["exception_stats"][row["exception_info"]["exception_type"]].append(row["trial_name"])
    for own in evals.values():
        total = sum(float(value) * len(names) for value, names in own["reward_stats"].get("reward", {}).items())
        own["metrics"] = [{"mean": total / own["n_trials"]}]
    return {
        "id": "11111111-0000-0000-0000-000000000000", "started_at": WHEN, "finished_at": WHEN,
        "n_total_trials": len(rows),
        "stats": {"n_completed_trials": len(rows), "n_running_trials": 0, "n_pending_trials": 0, "evals": evals},
    }  # fmt: skip


def write_job(folder: Path, rows: Sequence[dict[str, Any]], *, files: bool = True) -> Path:
    """The path of the job's result; `files`: its trials have theirs."""
    folder.mkdir(exist_ok=True)
    for number, row in enumerate(rows if files else ()):
        (folder / f"trial-{number}").mkdir()
        (folder / f"trial-{number}" / "result.json").write_text(json.dumps(row))
    path = folder / "result.json"
    path.write_text(json.dumps(job(rows)))
    return path
