"""farm: a distributed evaluation farm for code-generation benchmarks.

Importing this package loads nothing but the standard library: the command line, a worker and a
notebook all start here, and each pays only for what it uses. The names of the Python API (docs/api.md)
are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from farm.version import __version__

if TYPE_CHECKING:
    from farm.api.judging import judge
    from farm.api.runs import Run, grade, open_run, submit
    from farm.app.requests import Judging, ProblemChoice, RunOptions, StartServer
    from farm.coordinator.progress import Progress
    from farm.datasets.select import Selection
    from farm.errors import FarmError, Interrupted, RunIncomplete
    from farm.lm_eval.runs.task import TaskChoice
    from farm.records import DriveOptions, JudgeSpec, Limits, Sampling, Suite, TestCase, Verdict
    from farm.reports.details import SampleDetail
    from farm.sandbox.api import Evaluation
    from farm.sandbox.confinement import Confinement
    from farm.scoring.paired import Comparison
    from farm.scoring.report import Report

__all__ = [
    "Comparison",
    "Confinement",
    "DriveOptions",
    "Evaluation",
    "FarmError",
    "Interrupted",
    "JudgeSpec",
    "Judging",
    "Limits",
    "ProblemChoice",
    "Progress",
    "Report",
    "Run",
    "RunIncomplete",
    "RunOptions",
    "SampleDetail",
    "Sampling",
    "Selection",
    "StartServer",
    "Suite",
    "TaskChoice",
    "TestCase",
    "Verdict",
    "__version__",
    "grade",
    "judge",
    "open_run",
    "submit",
]

_MODULES = {
    "farm.api.judging": ("judge",),
    "farm.api.runs": ("Run", "grade", "open_run", "submit"),
    "farm.app.requests": ("Judging", "ProblemChoice", "RunOptions", "StartServer"),
    "farm.coordinator.progress": ("Progress",),
    "farm.datasets.select": ("Selection",),
    "farm.errors": ("FarmError", "Interrupted", "RunIncomplete"),
    "farm.lm_eval.runs.task": ("TaskChoice",),
    "farm.records": ("DriveOptions", "JudgeSpec", "Limits", "Sampling", "Suite", "TestCase", "Verdict"),
    "farm.reports.details": ("SampleDetail",),
    "farm.sandbox.api": ("Evaluation",),
    "farm.sandbox.confinement": ("Confinement",),
    "farm.scoring.paired": ("Comparison",),
    "farm.scoring.report": ("Report",),
}


if not TYPE_CHECKING:  # so that a type checker knows which names there are

    def __getattr__(name: str) -> object:
        for module, names in _MODULES.items():
            if name in names:
                value: object = getattr(import_module(module), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
