"""The bundled problems and their solutions. The rows are in LiveCodeBench's schema.

They are written for this project, so they can be shipped, shown and changed; no model was trained on
them. Sources: `scripts/sample_set/`, from which `scripts/build_sample_set.py` makes `problems.jsonl`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from farm.benchmarks.benchmark import Benchmark
from farm.errors import DatasetError
from farm.records import Verdict

_REFERENCE = "reference"


class Solution(NamedTuple):
    """A program for a bundled problem and the verdict it must get."""

    problem_id: str
    name: str  # file name without suffix
    verdict: Verdict
    source: str


def sample_path() -> Path:
    """The bundled dataset file, in LiveCodeBench's schema."""
    return _folder() / "problems.jsonl"


def sample_solutions(problem_id: str) -> tuple[Solution, ...]:
    """The solutions of one bundled problem, the reference first, then the wrong ones by name.

    A wrong one's file is named by the verdict it must get: `time_limit_1.py`. DatasetError for an unknown id.
    """
    folder = _folder() / "solutions" / problem_id
    if not re.fullmatch(r"[a-z0-9_]+", problem_id) or not folder.is_dir():
        raise DatasetError(f"the sample set has no problem {problem_id!r}")
    found = [
        Solution(problem_id, path.stem, _verdict(path.stem), path.read_text(encoding="utf-8"))
        for path in folder.glob("*.py")
    ]
    return tuple(sorted(found, key=lambda solution: (solution.name != _REFERENCE, solution.name)))


def _verdict(stem: str) -> Verdict:
    if stem == _REFERENCE:
        return Verdict.PASSED
    return Verdict(stem.rpartition("_")[0].upper())


def _folder() -> Path:
    return Path(__file__).parent


SAMPLE = Benchmark(name="sample", bundled=sample_path())
