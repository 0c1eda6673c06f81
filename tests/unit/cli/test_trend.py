"""`farm runs` with filters and `farm trend` on a real ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.compare.trend import trend
from farm.cli.look.runs import runs
from farm.errors import ConfigError
from farm.ledger.ledger import Ledger
from farm.records import Build, SampleKey, ServedModel, Verdict
from tests.unit.plans import plan, result, spec


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for run_id, commit, passed, protocol in (
            ("run-1", "aaaa", 2, "tt@1"), ("run-2", "bbbb", 1, "tt@1"), ("run-3", "bbbb", 3, "tt@1"),
            ("run-4", "bbbb", 4, "official@1"), ("run-5", "bbbb", None, "tt@1"),
            ("run-6", "", 2, "own@1"), ("run-7", "", 4, "own@1"),
        ):  # fmt: skip
            model = ServedModel(name="m", repo="org/M", device="n300")
            build = Build(name=f"tt-metal {commit}", told_by="user") if commit else Build()
            digest = {"tt@1": "1", "own@1": "3"}.get(protocol, "2") * 64
            run_spec = spec("evaluate", n=4, model=model, protocol=protocol, protocol_digest=digest, build=build)
            keys: list[SampleKey] = plan(ledger, run_id, run_spec, samples=4, completed=4)
            if passed is not None:
                good, bad = Verdict.PASSED, Verdict.WRONG_ANSWER
                journal = ledger.acquire(run_id)
                journal.record_results([result(key, good if key.index < passed else bad) for key in keys])
                journal.release("complete")


def listed(*arguments: str) -> list[str]:
    done = CliRunner().invoke(runs, arguments, standalone_mode=False, catch_exceptions=False)
    first, *rows = done.output.splitlines()
    return [line.split()[0] for line in rows] if first.startswith("run ") else first.split()


def test_filters() -> None:
    assert listed() == [f"run-{number}" for number in range(1, 8)]
    assert listed("--protocol", "official") == listed("--protocol", "official@1") == ["run-4"]
    assert listed("--state", "planned") == ["run-5"]
    assert listed("--model", "ORG/m", "--device", "N300", "--dataset", "d", "--since", "2020-01-01") == listed()
    assert listed("--device", "t3k")[:1] == ["no"]
    with pytest.raises(ConfigError, match="not a day"):
        listed("--since", "soon")


def test_runs_of_one_build_are_one_figure_and_other_measurements_another_line(tmp_path: Path) -> None:
    arguments = ["--json", "--html", str(tmp_path / "t.html")]
    done = CliRunner().invoke(trend, arguments, standalone_mode=False, catch_exceptions=False)
    lines = {line["measurement"].split(", ")[2]: line for line in json.loads(done.stdout)}
    first, second = lines["tt@1"], lines["official@1"]
    assert [point["build"] for point in first["points"]] == ["tt-metal aaaa", "tt-metal bbbb"]
    assert first["points"][0]["mean"] == 0.5 and first["points"][0]["deviation"] is None
    assert first["points"][1]["runs"] == ["run-2", "run-3"] and first["points"][1]["mean"] == 0.5
    assert first["points"][1]["deviation"] == pytest.approx(0.5 / 2**0.5)
    assert [point["runs"] for point in second["points"]] == [["run-4"]]
    page = (tmp_path / "t.html").read_text()
    assert "<script" not in page and page.count("<svg") == 3


def test_runs_of_an_unknown_build_are_not_averaged() -> None:
    done = CliRunner().invoke(trend, ["--json", "--protocol", "own"], standalone_mode=False, catch_exceptions=False)
    points = json.loads(done.stdout)[0]["points"]
    assert [(point["build"], point["runs"]) for point in points] == [
        ("unknown build", ["run-6"]), ("unknown build", ["run-7"]),
    ]  # fmt: skip


def test_the_table_has_bars_and_nothing_to_show_is_said() -> None:
    done = CliRunner().invoke(trend, ["--protocol", "tt"], standalone_mode=False, catch_exceptions=False)
    assert "tt-metal bbbb" in done.output and "█" in done.output and "35.36" in done.output
    with pytest.raises(ConfigError, match="no complete run"):
        CliRunner().invoke(trend, ["--device", "cpu"], standalone_mode=False, catch_exceptions=False)
