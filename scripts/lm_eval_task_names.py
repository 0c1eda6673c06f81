"""Renews farm/lm_eval/runs/task_names.txt: the tasks, groups and tags of lm-evaluation-harness, by kind.

    PYTHON_WITH_LM_EVAL scripts/lm_eval_task_names.py

Run it by a Python that has the lm-eval of the evaluation environments, and not farm's packages.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "farm" / "lm_eval" / "runs" / "task_names.txt"


def main() -> int:
    """Write the list; the exit code."""
    from lm_eval.tasks import TaskManager

    kinds: dict[str, list[str]] = defaultdict(list)
    for name, entry in TaskManager().task_index.items():
        kinds[_kind(entry)].append(name)
    lines = [f"# the tasks of lm-eval {version('lm-eval')}; renewed by scripts/lm_eval_task_names.py"]
    for kind in sorted(kinds):
        lines += [f"[{kind}]", *sorted(kinds[kind])]
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{TARGET}: {', '.join(f'{len(names)} {kind}' for kind, names in sorted(kinds.items()))}")
    return 0


def _kind(entry: Any) -> str:
    """`group`, `tag`, `class`, `code`, or the type of the task's requests."""
    if entry.kind.name in ("GROUP", "TAG"):
        return str(entry.kind.name).lower()
    config = entry.cfg or {}
    if entry.kind.name == "PY_TASK" or "class" in config:
        return "class"
    if config.get("unsafe_code"):
        return "code"
    return str(config.get("output_type") or "generate_until")


if __name__ == "__main__":
    sys.exit(main())
