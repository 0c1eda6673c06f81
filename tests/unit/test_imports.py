"""What importing costs and what it must not load; in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.data import ROOT
from tests.support.lm_eval.harness import harness_python

HEAVY = ("celery", "redis", "kombu", "docker", "lm_eval", "datasets", "sqlalchemy", "requests", "numpy")


def loaded(statement: str, python: str = sys.executable) -> set[str]:
    code = f"import sys; {statement}; print(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["farm", "farm.scoring.aggregate", "farm.scoring.statistics", "farm.protocols", "farm.coordinator.lifecycle"],
)
def test_the_pure_core_loads_nothing_heavy(module: str) -> None:
    assert loaded(f"import {module}").isdisjoint(HEAVY)


def test_help_loads_no_command() -> None:
    modules = loaded(
        "import contextlib; from farm.cli.main import cli\n"
        "with contextlib.redirect_stdout(None): cli.main(['--help'], standalone_mode=False)\nimport sys"
    )
    assert modules.isdisjoint((*HEAVY, "pydantic", "rich"))
    assert not [name for name in modules if name.startswith("farm.cli.") and name != "farm.cli.main"]


def test_an_execute_worker_loads_no_model_client_dataset_or_database() -> None:
    modules = loaded("import farm.cli.operate.worker, farm.tasks.boot, farm.tasks.execute, farm.judging.open")
    assert not [name for name in modules if name.startswith(("farm.benchmarks", "farm.protocols"))]
    assert modules.isdisjoint(("lm_eval", "datasets", "sqlalchemy", "requests", "farm.inference.client"))


def test_a_generate_worker_loads_no_benchmark() -> None:
    """So it needs no package that brings one, and looks for none."""
    modules = loaded("import farm.cli.operate.worker, farm.tasks.boot, farm.tasks.generate, farm.inference.generation")
    assert not [name for name in modules if name.startswith(("farm.benchmarks", "farm.protocols"))]


@pytest.mark.parametrize(
    "module", ["farm", "farm.cli.main", "farm.cli.run.submit", "farm.cli.operate.worker", "farm.tasks.boot"]
)
def test_nothing_loads_the_harness_although_it_is_installed(module: str) -> None:
    modules = loaded(f"import {module}", harness_python())
    assert modules.isdisjoint(("lm_eval", "datasets", "pyarrow", "transformers"))
