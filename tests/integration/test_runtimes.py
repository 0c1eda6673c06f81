"""A run that asks for a runtime is executed where there is one of that name, and nowhere else."""

from __future__ import annotations

import json
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


def test_a_runtime_that_no_worker_has_is_said(tmp_path: Path, completions: Path) -> None:
    home = tmp_path / "home"
    process = grade(home, completions, "--program-runtime", "nowhere")
    try:
        process.says("no execute worker that has the runtime nowhere is connected")
    finally:
        process.interrupt()
        assert process.wait() != 0


def test_a_name_that_is_none_is_refused(tmp_path: Path, completions: Path) -> None:
    process = grade(tmp_path / "home", completions, "--program-runtime", "No Such")
    assert process.wait() == 2
    assert "no name of a runtime" in process.stderr
