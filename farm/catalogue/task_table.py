"""The eval tasks that tt-inference-server runs for its models, with the scores that others measured.

Read from `eval_tasks.json`, which `scripts/eval_tasks.py` writes from tt-inference-server's eval configuration. Most of
these tasks are lm-evaluation-harness's own; some belong to other programs, and farm names those.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from farm.benchmarks.registry import lm_eval_tasks
from farm.catalogue.eval_task import EvalReference, EvalTask, Runner, Setting

TABLE = Path(__file__).with_name("eval_tasks.json")

_BY_ENVIRONMENT: dict[str, Runner] = {
    "EVALS_AGENTIC": "agent", "EVALS_VISION": "vision", "EVALS_AUDIO": "audio", "EVALS_EMBEDDING": "embedding",
}  # fmt: skip
# Listed with an environment of lm-eval, which has no such tasks
_BY_NAME: dict[str, Runner] = {
    "load_image": "load test", "load_video": "load test", "embedding": "embedding", "tts_generation": "audio",
}  # fmt: skip


@cache
def imported_tasks() -> tuple[EvalTask, ...]:
    """All tasks of the table, in its order."""
    table = json.loads(TABLE.read_text())
    return tuple(_task(row, table["date"]) for row in table["tasks"])


def mode_name(name: str) -> Any:
    """`CI_NIGHTLY` as it is typed: `ci-nightly`."""
    return name.lower().replace("_", "-")


def _task(row: dict[str, Any], date: str) -> EvalTask:
    known = lm_eval_tasks().get(row["task"])
    runner: Runner = _BY_ENVIRONMENT.get(row["environment"]) or _BY_NAME.get(row["task"]) or "lm-eval"
    protocol = ""
    if known is not None:
        runner, protocol = "farm", known.eval_protocol or known.protocol.partition("@")[0]
    # LiveCodeBench's scores were measured by the task of Tenstorrent's fork
    protocols = () if known is None else ("tt",) if known.name == "livecodebench" else (protocol,)
    task = EvalTask(
        task_name=row["task"],
        model_name=row["model"].rsplit("/", 1)[-1],
        own_protocol=protocol,
        runner=runner,
        references=tuple(_references(row, date, protocols)),
        setting=Setting(
            environment=row["environment"],
            gen_kwargs=row.get("gen_kwargs", {}),
            num_fewshot=row.get("num_fewshot"),
            metadata=row.get("metadata", {}),
            limits={mode_name(name): limit for name, limit in row.get("limits", {}).items()},
            min_context=row.get("min_context"),
            harness=row.get("harness", ""),
        ),
    )
    stated: dict[str, Any] = {name: row[name] for name in ("score_func", "unit", "tolerance") if name in row}
    if keys := row.get("result_keys"):
        stated["result_keys"] = tuple(key if isinstance(key, str) else tuple(key) for key in keys)
    return replace(task, **stated)


def _references(row: dict[str, Any], date: str, protocols: tuple[str, ...]) -> list[EvalReference]:
    """The scores of a row. Those of all documents come first: the first of a label decides."""
    labels: tuple[Literal["gpu_reference", "published"], ...] = ("gpu_reference", "published")
    found = [
        EvalReference(label, row[label]["score"], _source(row[label]["ref"]), date, protocols)
        for label in labels
        if label in row
    ]
    found += [
        EvalReference(
            "gpu_reference", subset["score"], _source(subset["ref"]), date, protocols,
            subset=mode_name(name), tolerance=subset["tolerance"],
        )
        for name, subset in row.get("subset_references", {}).items()
    ]  # fmt: skip
    return found


def _source(ref: str) -> str:
    return (
        ref
        if ref not in ("", "TBD")
        else "tenstorrent/tt-inference-server's eval configuration, which does not say from where"
    )
