"""The figures of a group of lm-eval's tasks, put together from those of its tasks as lm-eval does. Pure.

lm-evaluation-harness 0.4.13, `lm_eval/api/group.py`: the mean over all tasks below a group, by the number of their
documents or each task alike; a group inside another one counts through its tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from farm.records.suites import GroupMetric, TaskGroup

Figures = Mapping[str, Any]  # by key such as `exact_match,none`; errors as `exact_match_stderr,none`


def group_figures(group: TaskGroup, figures: Mapping[str, Figures], sizes: Mapping[str, int]) -> dict[str, float | str]:
    """The group's figures with their errors. `sizes`: documents of each task. Empty until every task has figures."""
    found: dict[str, float | str] = {}
    if any(task not in figures for task in group.tasks):
        return found
    for rule in group.metrics:
        for name in _filters(rule, group, figures):
            key, error = f"{rule.metric},{name}", f"{rule.metric}_stderr,{name}"
            tasks = [task for task in group.tasks if _is_number(figures[task].get(key))]
            if not tasks:
                continue
            weights = [sizes[task] if rule.weight_by_size else 1 for task in tasks]
            values = [float(figures[task][key]) for task in tasks]
            found[key] = sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
            found[error] = _error(rule, [figures[task].get(error) for task in tasks], [sizes[task] for task in tasks])
    return found


def _filters(rule: GroupMetric, group: TaskGroup, figures: Mapping[str, Figures]) -> Sequence[str]:
    if rule.filters is not None:
        return rule.filters
    begin = f"{rule.metric},"
    return sorted({key.removeprefix(begin) for task in group.tasks for key in figures[task] if key.startswith(begin)})


def _error(rule: GroupMetric, errors: Sequence[Any], sizes: Sequence[int]) -> float | str:
    """The standard error of the mean: pooled for one by documents, else of independent tasks."""
    if not all(map(_is_number, errors)):
        return "N/A"
    if not rule.weight_by_size:
        return sqrt(sum(error**2 for error in errors)) / len(errors)
    spare = sum(sizes) - len(sizes)
    if spare <= 0:
        return "N/A"
    pooled = sum((size - 1) * error**2 * size for size, error in zip(sizes, errors, strict=True)) / spare
    return sqrt(pooled / sum(sizes))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
