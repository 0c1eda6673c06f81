"""`farm import`: another tool's answers, its programs, and its own score beside farm's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.records import Verdict
from tests.support.embedded_home import Home, empty_home
from tests.support.farm_process import FarmProcess

pytestmark = pytest.mark.timeout(240)

RIGHT, WRONG = "print(int(input()) ** 2)", "print(int(input()) + 40)"
BOTH = f"Draft:\n```python\n{RIGHT}\n```\nThen\n```python\n{WRONG}\n```\n"  # the last pair is not the first one


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with empty_home(tmp_path) as home:
        yield home


def imported(home: Home, run_id: str, source: Path, *more: str) -> FarmProcess:
    out = str(home.out(run_id))
    return home.farm("import", str(source), "--dataset", "sample", "--run-id", run_id, "--out", out, *more).ok()


def verdicts(home: Home, run_id: str) -> list[Verdict]:
    return [result.verdict for result in home.results(run_id)]


def test_answers_are_kept_and_the_protocol_that_is_named_reads_them(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "eval_all.json"
    row = {"question_id": "farm_square", "output_list": [BOTH], "code_list": [WRONG], "graded_list": [True]}
    source.write_text(json.dumps([row]))
    as_given = imported(home, "given", source)
    assert verdicts(home, "given") == [Verdict.WRONG_ANSWER]
    assert "LiveCodeBench's own score of these 1 problems is 100.00, farm's 0.00; 1 differ" in as_given.stdout
    assert "farm_square: 100 % of its answers pass there, 0 % here" in as_given.stdout
    report = (home.out("given") / "report.md").read_text()
    assert "1 as given, extracted by another tool" in report
    assert verdicts_after(home, "given", "tt") == [Verdict.PASSED]
    assert verdicts_after(home, "given", "official") == [Verdict.WRONG_ANSWER]

    imported(home, "named", source, "--protocol", "tt")
    assert verdicts(home, "named") == [Verdict.PASSED]
    assert "extracted by another tool" not in (home.out("named") / "report.md").read_text()


def verdicts_after(home: Home, source: str, protocol: str) -> list[Verdict]:
    run_id = f"{source}-{protocol}"
    home.regrade(source, run_id, "--protocol", protocol).ok()
    return verdicts(home, run_id)


def test_an_unknown_problem_names_the_users_file_and_row(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_text(json.dumps([{"question_id": "no such", "code_list": [RIGHT]}]))
    process = home.farm("import", str(source), "--dataset", "sample")
    assert process.wait() == 2
    assert f"{source}:1: problem 'no such' is not in the dataset; its ids are written like 'farm_" in process.stderr
