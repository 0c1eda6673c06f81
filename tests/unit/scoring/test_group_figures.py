"""A group's figures from those of its tasks."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest

from farm.records.suites import GroupMetric, TaskGroup
from farm.scoring.harness.groups import group_figures

FIGURES: dict[str, dict[str, Any]] = {
    "a": {"em,none": 0.5, "em_stderr,none": 0.1, "em,loose": 1.0, "em_stderr,loose": 0.0},
    "b": {"em,none": 1.0, "em_stderr,none": 0.2, "f1,none": 0.25},
}
SIZES = {"a": 30, "b": 10}


def figures(*rules: GroupMetric, known: dict[str, dict[str, Any]] = FIGURES) -> dict[str, float | str]:
    return group_figures(TaskGroup(name="g", tasks=("a", "b"), metrics=rules), known, SIZES)


def test_by_documents_or_each_task_alike() -> None:
    weighted = figures(GroupMetric(metric="em", weight_by_size=True, filters=("none",)))
    assert weighted["em,none"] == 0.625
    pooled = (29 * 0.01 * 30 + 9 * 0.04 * 10) / 38
    assert weighted["em_stderr,none"] == pytest.approx(sqrt(pooled / 40))
    alike = figures(GroupMetric(metric="em", weight_by_size=False, filters=("none",)))
    assert alike == {"em,none": 0.75, "em_stderr,none": pytest.approx(sqrt(0.05) / 2)}


def test_all_filters_where_the_group_names_none() -> None:
    found = figures(GroupMetric(metric="em", weight_by_size=False))
    assert set(found) == {"em,none", "em_stderr,none", "em,loose", "em_stderr,loose"}
    assert found["em,loose"] == 1.0, "the tasks that have it"


def test_an_error_that_a_task_lacks_is_none_of_the_group() -> None:
    assert figures(GroupMetric(metric="f1", weight_by_size=True))["f1_stderr,none"] == "N/A"


def test_a_group_without_rules_and_one_that_is_not_done_have_no_figures() -> None:
    assert figures() == {}
    assert figures(GroupMetric(metric="em", weight_by_size=True), known={"a": FIGURES["a"]}) == {}
