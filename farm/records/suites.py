"""What a suite is: several runs of one model that are planned, driven and reported together.

A suite is a model's list of eval tasks, or a group of tasks of lm-evaluation-harness. Each task, and each task of a
group, is one run.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from farm.records.base import DEFAULT_TOLERANCE, Record, RunId
from farm.records.runs import Reference


class GroupMetric(Record):
    """How a figure of a group's tasks becomes the group's: their mean, by documents or each task alike."""

    metric: str
    weight_by_size: bool
    filters: tuple[str, ...] | None = None  # None: all filters that the tasks have


class TaskGroup(Record):
    """A group of lm-eval, or one inside it, with all tasks below it."""

    name: str
    tasks: tuple[str, ...]
    metrics: tuple[GroupMetric, ...] = ()


class SuiteRun(Record):
    """One task of lm-eval, or of farm, and the run that carries it out."""

    task: str
    run_id: RunId


class SuiteTask(Record):
    """An eval task of a suite. `not_run` says why it has no runs."""

    task: str
    runs: tuple[SuiteRun, ...] = ()
    groups: tuple[TaskGroup, ...] = ()  # itself first, if it is a group
    references: tuple[Reference, ...] = ()  # of a group; a run has its own
    result_keys: tuple[str | tuple[str, ...], ...] = ()  # of a group's figures: its score
    score_func: str = ""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT_TOLERANCE
    not_run: str = ""
    failed: bool = False  # it should have runs, and could not be planned


class SuiteSpec(Record):
    """A suite as it was planned."""

    schema_version: Literal[1] = 1
    model: str
    device: str
    mode: str  # which documents are taken: tt-inference-server's names, or "full"
    tasks: Annotated[tuple[SuiteTask, ...], Field(min_length=1)]

    @property
    def runs(self) -> tuple[SuiteRun, ...]:
        """All runs, in the order in which they are driven."""
        return tuple(run for task in self.tasks for run in task.runs)
