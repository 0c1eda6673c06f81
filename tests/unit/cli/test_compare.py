"""`farm compare` on a real ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.compare import compare
from farm.coordinator.ledger import Ledger
from farm.errors import ConfigError, RunIncomplete
from farm.records import Verdict
from tests.unit.coordinator.build import plan, result, spec


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
    assert "NOT THE SAME MEASUREMENT: run-2 differs from run-1 in protocol" in farm("run-1", "run-2", "run-4")


def test_what_cannot_be_compared() -> None:
    with pytest.raises(RunIncomplete, match="1 common problems are not judged"):
        farm("run-1", "run-3")
    for runs in (("run-1",), ("run-1", "run-1")):
        with pytest.raises(ConfigError, match="two different runs"):
            farm(*runs)
