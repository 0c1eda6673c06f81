"""`farm import` of a job of harbor: a run like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded_home import Home, empty_home
from tests.support.harbor.job import trial, write_job

MODEL = "zai-org/GLM-5.2"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def rows(*solved: int, errors: bool = False) -> list[dict[str, object]]:
    """Two trials of four tasks; the number of those solved by task."""
    found = [
        trial(f"task-{task}", rewards={"reward": float(number < count)}, number=10 * task + number, model=MODEL)
        for task, count in enumerate(solved)
        for number in range(2)
    ]
    return [*found, trial("task-9", errors=["SandboxBuildFailedError"], number=99, model=MODEL)] if errors else found


def test_a_job_is_a_run_to_compare_gate_and_resume(home: Home, tmp_path: Path) -> None:
    first = write_job(tmp_path / "first", rows(2, 1, 0, 2))
    said = home.farm("import", str(first), "--run-id", "run-1", "--device", "galaxy").ok()
    assert "harbor's mean is 0.6250, in which an errored trial counts as 0" in said.stderr
    assert "pass@1 62.50 %" in said.stdout and "pass@2  75.00 %" in said.stdout
    report = json.loads((home.path / "reports" / "run-1" / "report.json").read_text())
    assert report["spec"]["eval_task"] == "terminal_bench_2_1" and report["spec"]["model"]["name"] == "GLM-5.2"
    assert {row["score"] for row in report["references"]["rows"]} == {77.5, 81.0}, "the scores of others"
    second = write_job(tmp_path / "second", rows(0, 1, 0, 0))
    home.farm("import", str(second), "--run-id", "run-2", "--device", "galaxy").ok()
    told = home.farm("compare", "run-1", "run-2").ok().stdout
    assert "run-2 against run-1: -50.00 points of pass@1" in told and "NOT THE SAME" not in told
    assert home.farm("gate", "run-1", "--against", "run-2").ok().stdout.startswith("PASS")
    assert "harbor@1" in home.farm("trend").ok().stdout
    assert "pass@1 62.50 %" in home.farm("resume", "run-1").ok().stdout


def test_what_a_host_did_leaves_the_run_incomplete_and_says_how_to_go_on(home: Home, tmp_path: Path) -> None:
    path = write_job(tmp_path / "job", rows(2, 1, errors=True))
    said = home.farm("import", str(path), "--run-id", "run-1")
    assert said.wait(60) == 3 and "SandboxBuildFailedError" in said.stdout
    assert "let harbor try what failed again (harbor job resume)" in said.stderr
    resumed = home.farm("resume", "run-1")
    assert resumed.wait(60) == 2 and "run run-1 has the verdicts of harbor" in resumed.stderr
    refused = home.farm("import", str(path), "--protocol", "official")
    assert refused.wait(60) == 2 and "harbor's trials are judged already" in refused.stderr
