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
    assert "Score of LiveCodeBench" in as_given.stdout and "1 of 1 problems differ." in as_given.stdout
    report = (home.out("given") / "report.md").read_text()
    assert "| farm\\_square | 100.00 % | 0.00 % |" in report
    assert "1 of 1 problems differ." in (home.out("given") / "report.html").read_text()
    assert home.report("given")["other_tool"] == {
        "tool": "LiveCodeBench", "problems": 1, "there": 1.0, "here": 0.0,
        "differing": [{"problem_id": "farm_square", "there": 1.0, "here": 0.0}],
    }  # fmt: skip
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


def test_a_run_is_the_same_after_its_own_export_and_import(home: Home, tmp_path: Path) -> None:
    """Code without an answer, an answer whose program is not its last word, none at all: whatever the format."""
    completions = tmp_path / "completions.jsonl"
    given: list[dict[str, object]] = [
        {"question_id": "farm_square", "code": RIGHT},
        {"question_id": "farm_square", "code": "# ```\n" + WRONG},
        {"question_id": "farm_square", "output": BOTH},
        {"question_id": "farm_square", "output": BOTH, "code": RIGHT},
        {"question_id": "farm_seven", "output": None},
        {"question_id": "farm_seven", "code": ""},
        {"question_id": "farm_seven", "output": "No idea.\r\n"},
    ]
    completions.write_text("".join(json.dumps(row) + "\n" for row in given))
    home.grade("own", completions).ok()
    exported: list[str] = []
    for form in ("lm-eval", "livecodebench"):
        exported += home.farm("export", "own", "--format", form, "--out", str(tmp_path / form)).ok().stdout.splitlines()
    files = [Path(line) for line in exported if not Path(line).name.endswith("_eval.json") and "results_" not in line]
    assert len(files) == 3
    for number, file in enumerate(files):
        imported(home, f"again-{number}", file)
        compared = json.loads(home.farm("compare", "own", f"again-{number}", "--json").ok().stdout)
        assert compared["differences"] == compared["better_a"] == compared["better_b"] == []
        assert compared["answers_equal"] == compared["answers_compared"] == len(given)
        told = home.report(f"again-{number}")["other_tool"]
        assert told is None if file.name.endswith("_unknown.json") else told["differing"] == []


def test_an_unknown_problem_names_the_users_file_and_row(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_text(json.dumps([{"question_id": "no such", "code_list": [RIGHT]}]))
    process = home.farm("import", str(source), "--dataset", "sample")
    assert process.wait() == 2
    assert f"{source}:1: problem 'no such' is not in the dataset; its ids are written like 'farm_" in process.stderr
