"""The bundled problems through the real sandbox: references pass, and each wrong solution fails as its name says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.benchmarks.sample import Solution, sample_path, sample_solutions
from farm.datasets.reader import read_problems
from farm.errors import SandboxUnavailable
from farm.judging.open import open_sandbox
from farm.records import JudgeSpec, Limits, Problem, Suite, Verdict
from farm.sandbox.api import Sandbox

ROOT = Path(__file__).resolve().parents[3]
PROBLEMS = {problem.problem_id: problem for problem in read_problems(sample_path())}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        opened = open_sandbox()
    except SandboxUnavailable as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(exc))
    with opened as sandbox:
        yield sandbox


def limits(solution: Solution) -> Limits:
    """Tight where the program must hit them, to be quick; wide elsewhere, for slow and busy machines."""
    if solution.verdict is Verdict.TIME_LIMIT:
        return Limits(cpu_s=0.5, wall_s=60.0)
    if solution.verdict is Verdict.MEMORY_LIMIT:
        return Limits(cpu_s=30.0, wall_s=60.0, memory_bytes=256 << 20)
    return Limits(cpu_s=30.0, wall_s=60.0)


def judge(sandbox: Sandbox, problem: Problem, solution: Solution) -> Verdict:
    suite = Suite(func_name=problem.func_name, tests=problem.tests)
    return sandbox.evaluate(solution.source, suite, JudgeSpec(), limits(solution)).verdict


@pytest.mark.parametrize("problem_id", PROBLEMS)
def test_each_solution_gets_the_verdict_it_is_named_by(sandbox: Sandbox, problem_id: str) -> None:
    solutions = sample_solutions(problem_id)
    found = {solution.name: judge(sandbox, PROBLEMS[problem_id], solution) for solution in solutions}
    assert found == {solution.name: solution.verdict for solution in solutions}


def test_the_file_is_what_its_sources_make_and_slow_solutions_agree_with_references() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_sample_set.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
