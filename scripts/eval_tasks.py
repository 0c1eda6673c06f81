"""Renews farm/catalogue/eval_tasks.json from a checkout of tenstorrent/tt-inference-server.

    python scripts/eval_tasks.py CHECKOUT [COMMIT DATE]

Takes each model's eval tasks with their reference scores, how they are asked, and how many of their documents each
mode takes, one task a line: a new release is reviewed as a diff of lines. COMMIT and DATE are asked of git by default.
The checkout's own `reference_config/evals/eval_config.py` is imported, so its dependencies must be installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from farm.catalogue.eval_task import ScoreFunc
from farm.catalogue.task_table import TABLE

SCORE_FUNCS = get_args(ScoreFunc)
SOURCE = "tenstorrent/tt-inference-server, reference_config/evals/eval_config.py (Apache-2.0)"


def main(checkout: Path, commit: str, date: str) -> int:
    """Write the table; the exit code."""
    sys.path.insert(0, str(checkout))
    config: Any = import_module("reference_config.evals.eval_config")
    rows = [_task(model.hf_model_repo, task) for model in config._eval_config_list for task in model.tasks]
    head = {"source": SOURCE, "commit": commit, "date": date}
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    tasks = ",\n ".join(json.dumps(row) for row in rows)
    TABLE.write_text("{\n" + ",\n".join(lines) + ',\n"tasks": [\n ' + tasks + "\n]}\n")
    scored = sum("published" in row or "gpu_reference" in row or "subset_references" in row for row in rows)
    print(f"{TABLE}: {len(rows)} tasks of {len({row['model'] for row in rows})} models, {scored} with a score")
    return 0


def _task(model: str, task: Any) -> dict[str, Any]:
    """The part of an eval task that farm reads; what is null, empty or the default is left out."""
    row: dict[str, Any] = {
        "model": model,
        "task": task.task_name,
        "environment": task.workflow_venv_type.name,
        "chat": task.use_chat_api or task.apply_chat_template,
        "num_fewshot": task.num_fewshot,
        "gen_kwargs": {key: value for key, value in task.gen_kwargs.items() if key != "stream"},
        "metadata": task.custom_dataset_kwargs,
        "min_context": task.min_context_required,
        "executes_code": task.allow_code_execution,
        # --limit-samples-mode smoke-test is 3 documents, whatever the task's own map says (llm_module/eval_command.py)
        "limits": {mode.name: limit for mode, limit in task.limit_samples_map.items() if mode.name != "SMOKE_TEST"},
        "harness": _harness(task),
        **(_score(task.score) if task.score is not None else {}),
    }
    return {
        key: value
        for key, value in row.items()
        if value is not None and value is not False and value not in ({}, [], "")
    }


def _score(score: Any) -> dict[str, Any]:
    kwargs = score.score_func_kwargs
    references = (
        ("published", score.published_score, score.published_score_ref),
        ("gpu_reference", score.gpu_reference_score, score.gpu_reference_score_ref),
    )
    return {
        **{label: {"score": value, "ref": ref or ""} for label, value, ref in references if value},
        # Tasks that lm-eval does not score have a function of another kind
        "score_func": score.score_func.__name__ if score.score_func.__name__ in SCORE_FUNCS else None,
        "result_keys": kwargs.get("result_keys"),
        "unit": kwargs.get("unit"),
        "tolerance": score.tolerance,
        "subset_references": {
            mode.name: {"score": found.score, "ref": found.ref, "tolerance": found.tolerance}
            for mode, found in score.mode_reference_scores.items()
        },
    }


def _harness(task: Any) -> str:
    """What runs an agentic task, in words."""
    if task.agentic_eval_config is not None:
        own = task.agentic_eval_config
        return f"harbor, dataset {own.dataset}, agent {own.agent}"
    if task.swebench_eval_config is not None:
        own = task.swebench_eval_config
        return f"{own.agent_backend}, dataset {own.dataset_name}"
    return ""


def _git(checkout: Path, form: str) -> str:
    command = ["git", "-C", str(checkout), "log", "-1", f"--format={form}", "--date=short"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    known = sys.argv[2:4] if len(sys.argv) > 2 else [_git(place, "%H"), _git(place, "%cd")]
    sys.exit(main(place, *known))
