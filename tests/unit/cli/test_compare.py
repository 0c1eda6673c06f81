"""`farm compare` on a real ledger."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.compare.compare import compare
from farm.errors import ConfigError, RunIncomplete
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import SampleKey, Verdict
from tests.unit.plans import SUITE_DIGEST, plan, result, spec


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for run_id, verdict, protocol in (
            ("run-1", Verdict.PASSED, "tt@1"), ("run-2", Verdict.TIME_LIMIT, "official@1"), ("run-3", None, "tt@1"),
            ("run-4", Verdict.WRONG_ANSWER, "tt@1"),
        ):  # fmt: skip
            (key,) = plan(ledger, run_id, spec("evaluate", protocol=protocol), samples=1, completed=1)
            if verdict is not None:
                ledger.acquire(run_id).record_results([result(key, verdict)])


def farm(*arguments: str) -> str:
    done = CliRunner().invoke(compare, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0
    return done.output


def test_the_table_opens_with_what_was_not_equal() -> None:
    text = farm("run-1", "run-2")
    assert text.startswith("NOT THE SAME MEASUREMENT. run-2 against run-1: -100.00 points of pass@1")
    assert text.index("! protocol") < text.index("Paired comparison") < text.index("Solved more often by the first")


def test_json_has_all() -> None:
    value = json.loads(farm("run-1", "run-4", "--json"))
    assert (value["run_a"], value["run_b"], value["status"], value["same_measurement"]) == (
        "run-1", "run-4", "COMPLETE", True,
    )  # fmt: skip
    assert value["test"]["method"] == "mcnemar-exact" and value["test"]["p_value"] == 1
    assert value["better_a"][0]["verdict_b"] == "WRONG_ANSWER"


def test_repeats() -> None:
    assert "flip rate" in farm("run-1", "run-4", "--repeats")
    value = json.loads(farm("run-1", "run-4", "--repeats", "--json"))
    assert (value["repeats"], value["flip_rate"], value["unequal"]) == (2, 1, [])
    assert "NOT THE SAME MEASUREMENT: run-2 differs" in farm("run-1", "run-2", "run-4", "--repeats")


def test_each_further_run_is_compared_with_the_first(tmp_path: Path) -> None:
    text = farm("run-1", "run-2", "run-4")
    assert text.index("run-2 against run-1") < text.index("run-4 against run-1")
    values = json.loads(farm("run-1", "run-4", "run-2", "--json"))
    assert [value["run_b"] for value in values] == ["run-4", "run-2"]


def test_the_same_run_twice_has_no_flips() -> None:
    value = json.loads(farm("run-1", "run-1", "--json"))
    assert (value["better_a"], value["better_b"], value["test"]["p_value"], value["differences"]) == ([], [], 1, [])
    assert value["answers_equal"] == value["answers_compared"] == 1


def test_the_page_leads_from_a_flip_to_both_reports(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "run-1" / "report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    farm("run-1", "run-2", "--html", str(tmp_path / "c.html"))
    page = (tmp_path / "c.html").read_text()
    assert page.index("! protocol") < page.index("Paired comparison") < page.index("Solved more often")
    assert f'<a href="{report.as_uri()}#p1">1/1 PASSED</a>' in page
    assert "<td>0/1 TIME_LIMIT</td>" in page  # its run has no report


def test_eighteen_flips_of_1055_problems_give_the_exact_p(tmp_path: Path) -> None:
    problems = [PlannedProblem(f"p{i}", "", "", "easy", "", None, SUITE_DIGEST, 1) for i in range(1055)]
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for run_id, solved in (("big-1", set(range(147))), ("big-2", set(range(13, 152)))):
            run_spec = spec(dataset=spec().dataset.model_copy(update={"problems": 1055}))
            ledger.create_run(run_id, run_spec, problems, [SampleKey(p.problem_id, 0) for p in problems])
            ledger.acquire(run_id).record_results(
                [
                    result(SampleKey(f"p{i}", 0), Verdict.PASSED if i in solved else Verdict.WRONG_ANSWER)
                    for i in range(1055)
                ]
            )
    value = json.loads(farm("big-1", "big-2", "--json"))
    assert (len(value["better_a"]), len(value["better_b"])) == (13, 5)
    assert value["test"]["method"] == "mcnemar-exact"
    assert value["test"]["p_value"] == 2 * sum(math.comb(18, i) for i in range(6)) / 2**18


def test_what_cannot_be_compared() -> None:
    with pytest.raises(RunIncomplete, match="1 common problems are not judged"):
        farm("run-1", "run-3")
    with pytest.raises(ConfigError, match="two runs or more"):
        farm("run-1")
