"""How a user names a run, and how `farm runs` lists and removes them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from farm.cli.look.runs import runs
from farm.cli.options.run_name import RUN
from farm.errors import ConfigError, RunLocked, RunNotFound
from farm.ids import check_run_id
from farm.ledger.ledger import Ledger
from farm.ledger.run_names import find_run
from farm.records import Verdict
from tests.unit.plans import plan, result, spec

NAMES = ("Nightly_0.10", "nightly-2", "other")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for run_id in NAMES:
            keys = plan(ledger, run_id, spec(n=2), samples=2, completed=2)
            journal = ledger.acquire(run_id)
            if run_id != "other":
                journal.record_results([result(keys[0]), result(keys[1], Verdict.WRONG_ANSWER)])
                journal.release("complete")


def ledger_of(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def farm(*arguments: str) -> Result:
    return CliRunner().invoke(runs, arguments, standalone_mode=False)


@pytest.mark.parametrize("name", ["Build_7", "v0.10.1", "aB-c", "x" * 64])
def test_a_run_may_be_named_with_letters_of_any_case_dots_and_underscores(name: str) -> None:
    assert check_run_id(name) == name


@pytest.mark.parametrize("name", ["ab", ".hidden", "-x1", "_ab", "a/b", "a b", "abc\n", "@latest", "x" * 65])
def test_what_cannot_name_a_run_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a run id"):
        check_run_id(name)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nightly-2", "nightly-2"), ("nig", "nightly-2"), ("N", "Nightly_0.10"), ("@latest", "other"), ("@1", "other"),
        ("@3", "Nightly_0.10"), ("none", None), ("", None),
    ],
)  # fmt: skip
def test_a_run_is_meant_by_its_beginning_or_how_late_it_was_planned(
    text: str, meant: str | None, tmp_path: Path
) -> None:
    with ledger_of(tmp_path) as ledger:
        assert find_run(ledger, text) == meant


def test_what_means_several_runs_or_none_names_them(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        plan(ledger, "nightly-3", spec(), completed=2)
        with pytest.raises(ConfigError, match=r"2 runs begin with nightly: nightly-3, nightly-2; write more"):
            find_run(ledger, "nightly")
        with pytest.raises(ConfigError, match="@9: the ledger has 4 runs"):
            find_run(ledger, "@9")


def test_the_shell_completes_runs_the_latest_first() -> None:
    found = RUN.shell_complete(click.Context(runs), click.Argument(["run"]), "")
    assert [item.value for item in found] == ["other", "nightly-2", "Nightly_0.10"]


def test_runs_are_listed_with_score_and_one_word_of_state() -> None:
    lines = [line.split() for line in farm().output.splitlines()]
    assert lines[0] == ["run", "planned", "model", "device", "protocol", "dataset", "done", "pass@1", "state"]
    assert lines[1][0] == "Nightly_0.10" and lines[1][-3:] == ["50.00", "%", "complete"]
    assert lines[3][0] == "other" and lines[3][-2:] == ["-", "running"]


def test_a_run_is_removed_with_its_report_and_one_that_is_driven_is_not(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "nightly-2" / "report.md"
    report.parent.mkdir(parents=True)
    report.write_text("x")
    assert farm("rm", "nig", "--yes").output == "run nightly-2 is removed\n" and not report.parent.exists()
    assert [line.split()[0] for line in farm().output.splitlines()[1:]] == ["Nightly_0.10", "other"]
    assert isinstance(farm("rm", "other", "--yes").exception, RunLocked)
    assert isinstance(farm("rm", "nightly-2", "--yes").exception, RunNotFound)
    asked = CliRunner().invoke(runs, ["rm", "N"], input="n\n", standalone_mode=False)
    assert isinstance(asked.exception, click.Abort) and "Nightly_0.10" in farm().output
