"""The row formats that farm reads, told apart by the fields of a row.

A benchmark is added by a module with a `header_of` and a `problem_of` in the words of `rows`, and an entry in
FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from farm.datasets import humaneval, lcb, lcb_scenarios, mbpp
from farm.datasets.jsonl import parse_object, read_lines
from farm.datasets.rows import Fields, Header, RowError, Tests
from farm.errors import DatasetError
from farm.records import Problem


@dataclass(frozen=True, slots=True)
class Format:
    """One format. Both functions raise `rows.RowError`."""

    dataset: str  # the name under which farm knows the benchmark (`known.KNOWN`, `errata.errata_of`)
    marks: frozenset[str]  # fields that tell it from the others
    header_of: Callable[[Fields], Header]  # without looking at the tests
    problem_of: Callable[[Fields, Tests], Problem]

    def id_of(self, fields: Fields) -> str:
        """The problem's id as far as it can be read from a row that may be bad; else empty."""
        try:
            return self.header_of(fields).problem_id
        except RowError:
            value = fields.get("question_id") or fields.get("task_id")
            return str(value)[:200] if isinstance(value, str | int) else ""


LIVECODEBENCH = Format(
    "livecodebench", frozenset({"question_id", "public_test_cases"}), lcb.header_of, lcb.problem_of
)  # fmt: skip
HUMANEVAL = Format(
    "humaneval", frozenset({"task_id", "entry_point", "test"}), humaneval.header_of, humaneval.problem_of
)  # fmt: skip
MBPP = Format("mbpp", frozenset({"task_id", "code", "test_list"}), mbpp.header_of, mbpp.problem_of)

TEST_OUTPUT = Format(
    lcb_scenarios.TEST_OUTPUT,
    frozenset({"question_id", "test_id", "starter_code", "function_name", "test"}),
    lcb_scenarios.test_output_header_of,
    lcb_scenarios.test_output_problem_of,
)
EXECUTION = Format(
    lcb_scenarios.EXECUTION,
    frozenset({"id", "code", "input", "output", "function_name", "numsteps"}),
    lcb_scenarios.execution_header_of,
    lcb_scenarios.execution_problem_of,
)

FORMATS = (LIVECODEBENCH, HUMANEVAL, MBPP, TEST_OUTPUT, EXECUTION)


def format_of(fields: Fields) -> Format:
    """The format of a row; LiveCodeBench's for one that has no format's marks: its reader says what is missing."""
    return next((form for form in FORMATS if form.marks <= fields.keys()), LIVECODEBENCH)


def dataset_of(path: Path) -> str:
    """The benchmark that a file's first row is of; empty if that cannot be told."""
    try:
        for line in read_lines(path):
            return format_of(parse_object(line, path)).dataset
    except DatasetError:
        pass  # whoever reads the file says it, with the row's number
    return ""
