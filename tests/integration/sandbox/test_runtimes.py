"""A run that asks for a runtime is executed where there is one of that name, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.farm_process import FarmProcess, environment, report_of, samples_of

pytestmark = pytest.mark.timeout(240)

USES_CLICK = "import click\nprint(click.unstyle(str(int(input()) ** 2)))"


def grade(home: Path, completions: Path, *arguments: str, **env: str) -> FarmProcess:
    command = ("grade", "--dataset", "sample", "--completions", str(completions), "--judge", "judge", "--workers", "1")
    out = ("--out", str(home / "out"))
    return FarmProcess(*command, *out, *arguments, env=environment(home, **env), log=home.parent / "grade.log")


@pytest.fixture
def completions(tmp_path: Path) -> Path:
    path = tmp_path / "completions.jsonl"
    path.write_text(json.dumps({"question_id": "farm_square", "code": USES_CLICK}) + "\n")
    return path


def test_programs_get_the_runtime_that_the_run_names(tmp_path: Path, completions: Path) -> None:
    home = tmp_path / "home"
    runtimes = f"with-click={sys.executable}:click"
    grade(home, completions, "--program-runtime", "with-click", FARM_PROGRAM_RUNTIMES=runtimes).ok()
    (sample,) = samples_of(home / "out")
    assert sample["verdict"] == "PASSED"
    assert report_of(home / "out")["spec"]["judge"]["runtime"] == "with-click"
    grade(home, completions, FARM_PROGRAM_RUNTIMES=runtimes).ok()  # the default runtime has no click
    (sample,) = samples_of(home / "out")
    assert sample["verdict"] == "RUNTIME_ERROR"
    assert "No module named 'click'" in sample["detail"]


def test_a_runtime_that_this_host_has_not_is_refused_at_once(tmp_path: Path, completions: Path) -> None:
    process = grade(tmp_path / "home", completions, "--program-runtime", "nowhere")
    assert process.wait() == 2
    assert "no program runtime is called nowhere" in process.stderr
    assert "FARM_PROGRAM_RUNTIMES: nowhere=PYTHON" in process.stderr
    assert "judging" not in process.stderr  # no run was recorded
    process = FarmProcess(
        "submit", "--dry-run", "--model", "Llama-3.2-3B-Instruct", "--device", "n300", "--dataset", "sample",
        "--program-runtime", "nowhere", env=environment(tmp_path / "home"), log=tmp_path / "dry.log",
    )  # fmt: skip
    assert process.wait() == 2 and "no program runtime is called nowhere" in process.stderr
    process = grade(tmp_path / "home", completions, "--program-runtime", "numpy-1.26.4")
    assert process.wait() == 2
    assert "farm env create numpy-1.26.4" in process.stderr


SAYS_ITS_NUMPY = "import numpy as np\nn = int(input())\nprint(n * n if str(list(np.array([1]))) == {shown!r} else 0)"
NUMPY = {"numpy-1.26.4": "[1]", "numpy-2.2.5": "[np.int64(1)]"}


@pytest.mark.parametrize("name", NUMPY)
def test_each_numpy_is_the_one_that_the_run_names(tmp_path: Path, name: str) -> None:
    """A virtual environment of farm's own Python has its own packages, although both are one interpreter."""
    home, completions = tmp_path / "home", tmp_path / "completions.jsonl"
    made = subprocess.run(
        [sys.executable, "-m", "farm", "env", "create", name], env=environment(home), capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    completions.write_text(
        json.dumps({"question_id": "farm_square", "code": SAYS_ITS_NUMPY.format(shown=NUMPY[name])}) + "\n"
    )
    grade(home, completions, "--program-runtime", name).ok()
    (sample,) = samples_of(home / "out")
    assert sample["verdict"] == "PASSED", sample
    [runner] = report_of(home / "out")["versions"]["runners"]
    assert name in runner.split()


def test_a_name_that_is_none_is_refused(tmp_path: Path, completions: Path) -> None:
    process = grade(tmp_path / "home", completions, "--program-runtime", "No Such")
    assert process.wait() == 2
    assert "no name of a runtime" in process.stderr
