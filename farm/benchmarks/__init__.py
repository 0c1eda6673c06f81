"""Benchmarks: each is one file that says how its rows are read, asked, extracted and scored.

    from farm.benchmarks import Benchmark, Header, Rows, make_problem, text

The built-in ones stand in `farm.benchmarks.registry`; another package adds its own by the entry point group
`farm.benchmarks` (docs/benchmarks.md).
"""

from farm.benchmarks.benchmark import Benchmark, DataFile, Download, Errata, HubData, LmEvalTask, Rows
from farm.benchmarks.checker import Answer, Checker, Wrong
from farm.benchmarks.fields import classes_of, make_problem, parsed, text, texts
from farm.benchmarks.rows import Fields, Header, RowError, Tests

__all__ = [
    "Answer",
    "Benchmark",
    "Checker",
    "DataFile",
    "Download",
    "Errata",
    "Fields",
    "Header",
    "HubData",
    "LmEvalTask",
    "RowError",
    "Rows",
    "Tests",
    "Wrong",
    "classes_of",
    "make_problem",
    "parsed",
    "text",
    "texts",
]
