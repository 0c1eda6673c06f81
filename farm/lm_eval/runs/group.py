"""The tasks of a group of lm-eval, and how their figures become the group's."""

from __future__ import annotations

from collections.abc import Callable

from farm.config import Settings
from farm.environments.process import group_tasks
from farm.lm_eval.runs.task import TaskChoice, environment_for, environment_python
from farm.records.suites import GroupMetric, TaskGroup


def plan_group(
    settings: Settings, task: TaskChoice, model: str, say: Callable[[str], None], *, install: bool
) -> list[TaskGroup]:
    """The groups below a group or tag of lm-eval, itself first. Nothing of a dataset is loaded.

    Raises ConfigError for a group with tasks that farm cannot run, EnvironmentMissing as `plan_lm_eval_task`, and
    HarnessFailed.
    """
    environment = environment_for(task, task.name, model)
    python = environment_python(
        settings, environment, task.name, say, install=install, from_hub=task.include_path is None
    )
    say(f"looking up the tasks of {task.name}")
    order = {"task": task.name, "include_path": str(task.include_path.absolute()) if task.include_path else None}
    return [
        TaskGroup(
            name=group["name"],
            tasks=tuple(group["tasks"]),
            metrics=tuple(
                GroupMetric(
                    metric=rule["metric"],
                    weight_by_size=rule["weight_by_size"],
                    filters=None if rule["filters"] is None else tuple(rule["filters"]),
                )
                for rule in group["metrics"]
            ),
        )
        for group in group_tasks(python, order)
    ]
