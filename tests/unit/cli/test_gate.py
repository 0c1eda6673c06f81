"""`farm gate` on a real ledger: exit codes, and what CI reads."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from farm.cli.compare.gate import gate
from farm.errors import ConfigError, RunIncomplete
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import Reference, SampleKey, Verdict
from tests.unit.plans import SUITE_DIGEST, result, spec

SIZE = 200
HOSTILE = "<p>|`&\"'\x1b"
GPU = Reference(label="gpu_reference", score=50.0, source="s", problems=200, hits=100)


def ids() -> list[str]:
    return [f"p{i}" if i else '<img/x="&>' for i in range(SIZE)]


@pytest.fixture(autouse=True)
def home(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(stored))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("home")
    problems = [PlannedProblem(i, HOSTILE, "", "easy", "", None, SUITE_DIGEST, 1) for i in ids()]
    data = spec().dataset.model_copy(update={"problems": SIZE})
    fewer = data.model_copy(update={"problems": 20, "selection": "limit 20", "digest": "2" * 64})
    runs: tuple[tuple[str, Collection[int], dict[str, Any]], ...] = (
        ("base", range(100), {}), ("noisy", range(3, 101), {}), ("worse", range(12, 101), {}),
        ("other", range(100), {"protocol": "official@1", "references": ()}), ("half", range(50), {}),
        ("better", range(120), {}), ("empty", (), {}), ("selected", range(20), {"dataset": fewer}),
        ("graded", range(100), {"kind": "grade", "model": None}),
        ("part", range(20), {"kind": "grade", "model": None}),
    )  # fmt: skip
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for run_id, solved, changes in runs:
            shared: dict[str, Any] = {"kind": "evaluate", "dataset": data, "protocol": "tt@1", "references": (GPU,)}
            run_spec = spec(**{**shared, **changes})
            planned = problems[: run_spec.dataset.problems]
            keys = [SampleKey(i, 0) for i in ids()[: 20 if run_id in ("part", "selected") else SIZE]]
            ledger.create_run(run_id, run_spec, planned, keys)
            kept = keys[:-1] if run_id == "half" else keys
            good, bad = Verdict.PASSED, Verdict.NO_CODE if run_id == "empty" else Verdict.WRONG_ANSWER
            ledger.acquire(run_id).record_results(
                [result(key, good if n in solved else bad) for n, key in enumerate(kept)]
            )
    return tmp_path


def farm(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(gate, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == code, done.output
    return done.output


def test_a_loss_within_chance_passes_and_says_what_would_go_unseen() -> None:
    text = farm("noisy", "--against", "base")
    assert text.startswith("PASS: noisy against base: -1.00 points (3 problems lost, 1 gained), within chance")
    assert "loss found in 80 % of cases" in text and "lost p1: 1/1 before, 0/1 now, WRONG_ANSWER" in text


def test_a_loss_beyond_chance_fails() -> None:
    assert farm("worse", "--against", "base", code=1).startswith("FAIL: worse against base: -5.50 points")
    assert farm("worse", "--against", "base", "--alpha", "0.0001").startswith("PASS")
    assert "no loss" in farm("better", "--against", "base")


def test_other_measurements_and_unjudged_runs_have_no_answer() -> None:
    with pytest.raises(ConfigError, match=r"differ in protocol, .*: not the same measurement"):
        farm("other", "--against", "base")
    with pytest.raises(RunIncomplete, match=r"the gate has no answer: 1 of 200"):
        farm("half", "--against", "base")
    for arguments in (("base",), ("base", "--against", "noisy", "--reference"), ("--against", "base")):
        with pytest.raises(ConfigError):
            farm(*arguments)


@pytest.mark.parametrize(("run", "against"), [("part", "graded"), ("selected", "base")])
def test_a_run_that_lacks_problems_has_no_answer_unless_that_is_allowed(run: str, against: str, tmp_path: Path) -> None:
    junit, summary = tmp_path / "junit.xml", tmp_path / "summary.md"
    with pytest.raises(RunIncomplete, match=rf"{run} holds 20 of the 200 problems of run {against}.*--allow-subset"):
        farm(run, "--against", against, "--junit", str(junit), "--summary", str(summary))
    suite = ET.parse(junit).getroot()[0]
    assert suite.get("errors") == "1" and "20 of the 200 problems" in str(suite[0][0].get("message"))
    assert "INCOMPLETE" in summary.read_text() and "20 of 200 problems" in summary.read_text()
    found = json.loads(farm(run, "--against", against, "--allow-subset", "--json"))
    assert (found["outcome"], found["covered"]) == ("PASS", {"problems": 20, "of": 200})
    assert found["why"].startswith("on 20 of 200 problems: ")


def test_a_run_that_lacks_problems_of_its_reference_score_has_no_answer() -> None:
    for run in ("part", "selected"):
        with pytest.raises(RunIncomplete, match="20 of the 200 problems of the gpu reference score"):
            farm(run, "--reference")
    assert farm("selected", "--reference", "--allow-subset").startswith("PASS")


def test_a_run_without_one_program_is_no_evidence() -> None:
    for arguments in (("empty", "--against", "base"), ("base", "--against", "empty"), ("empty", "--against", "empty"),
                      ("empty", "--reference")):  # fmt: skip
        with pytest.raises(RunIncomplete, match=r"no answer of run empty holds a program.*farm inspect empty"):
            farm(*arguments)


def test_the_reference() -> None:
    assert farm("noisy", "--reference").startswith("PASS: noisy against the gpu reference score 50 %: -1.00 points")
    assert farm("worse", "--reference").startswith("PASS")  # 44.5 %, within the noise of two runs of 200
    assert farm("worse", "--reference", "--tt-rule", code=1).startswith("FAIL")
    with pytest.raises(ConfigError, match="no reference score that was measured like it"):
        farm("other", "--reference")


def test_junit_turns_red_for_a_regression_and_not_for_noise(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    farm("noisy", "--against", "base", "--junit", str(path))
    suite = ET.parse(path).getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "0", "errors": "0", "skipped": "3",
    }  # fmt: skip
    assert suite[1].get("name") in ids()
    farm("worse", "--against", "base", "--junit", str(path), code=1)
    suite = ET.parse(path).getroot()[0]
    assert (suite.get("failures"), suite[0][0].tag) == ("13", "failure")
    with pytest.raises(RunIncomplete):
        farm("half", "--against", "base", "--junit", str(path))
    assert ET.parse(path).getroot()[0].get("errors") == "1"


def test_the_summary_is_appended_and_json_has_all(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    value = json.loads(farm("worse", "--against", "base", "--summary", str(path), "--json", code=1))
    assert (value["outcome"], len(value["lost"]), value["gained"]) == ("FAIL", 12, 1)
    text = path.read_text()
    assert text.startswith("before\n## farm gate: FAIL ❌")
    assert "<img" not in text and "&lt;img/x=" in text
