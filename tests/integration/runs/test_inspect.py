"""`farm inspect` on a real ledger, store and sandbox."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.look.inspect import inspect
from farm.datasets.store import BlobStore
from farm.errors import ConfigError
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import CaseResult, SampleKey, Suite, TestCase, Verdict
from tests.unit.plans import entry, result, spec

STDIN = Suite(func_name=None, tests=(TestCase(input="2\n", output="4"), TestCase(input="0\n", output="0")))
CALL = Suite(func_name="half", tests=(TestCase(input="8", output="4"),))
DIVIDES = "n = int(input())\ntotal = 4 // n * n\nprint(total)\n"
WRONG = "class Solution:\n    def half(self, n):\n        part = n // 3\n        return part\n"
LOOPS = "n = int(input())\nwhile True:\n    n += 1\n"
HOSTILE = "x = '''<b>'''\nprint('\\x1b[31m\\u202e\\x00')\nraise SystemExit('\\x1b]0;owned\\x07')\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    store = BlobStore(tmp_path / "blobs")
    stdin, call = store.put(STDIN.to_json()), store.put(CALL.to_json())
    problems = [
        PlannedProblem(
            "div/1", "Division \x1b[31m", "atcoder", "easy", "2024-01-01", None, stdin, 2, "Divide \u202e it"
        ),
        PlannedProblem("half", "Half", "leetcode", "easy", "", None, call, 1, "Halve it"),
    ]
    samples = {SampleKey("div/1", 0): DIVIDES, SampleKey("div/1", 1): HOSTILE, SampleKey("half", 0): WRONG}
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        entries = [entry(key, f"So:\n```python\n{code}```\n") for key, code in samples.items()]
        ledger.create_run(
            "run-1", spec(dataset=spec().dataset.model_copy(update={"problems": 2})), problems, samples, entries
        )
        failing = CaseResult(
            index=1, verdict=Verdict.RUNTIME_ERROR, detail="ZeroDivisionError", stderr_excerpt="\x1b[1m!"
        )
        cases = (CaseResult(index=0, verdict=Verdict.PASSED, cpu_s=0.25), failing)
        divided = result(
            SampleKey("div/1", 0), Verdict.RUNTIME_ERROR, suite_sha256=stdin, tests_total=2, first_failure=1,
            cases=cases, detail="ZeroDivisionError",
        )  # fmt: skip
        ledger.acquire("run-1").record_results([divided, result(SampleKey("half", 0), Verdict.WRONG_ANSWER)])


def farm(*arguments: str) -> str:
    done = CliRunner().invoke(inspect, ["run-1", *arguments], standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in done.output.replace("\n", ""))
    return done.output


def test_a_run_is_a_line_for_each_problem() -> None:
    lines = farm().splitlines()
    assert [line.split()[:3] for line in lines] == [["div/1", "0/2", "RUNTIME_ERROR"], ["half", "0/1", "WRONG_ANSWER"]]
    assert farm("--verdict", "UNJUDGED").splitlines() == lines[:1]


def test_a_problem_is_its_statement_and_its_samples() -> None:
    text = farm("div/1")
    assert "  | Divide \\u202e it" in text
    assert "div/1#0  RUNTIME_ERROR  ZeroDivisionError; 2 of 2 tests ran" in text
    assert "div/1#1  UNJUDGED  no result recorded" in text


def test_a_sample_is_its_program_and_its_failed_test() -> None:
    text = farm("div/1#0")
    for part in ("  | total = 4 // n * n", "Test 1 input\n  | 0", "Test 1 expected\n  | 0", "\\x1b[1m!", "0.250 s"):
        assert part in text
    value = json.loads(farm("half#0", "--json"))
    assert (value["verdict"], value["program"]) == ("WRONG_ANSWER", WRONG.rstrip("\n"))


def test_a_rerun_judges_again_and_traces_the_first_failed_test() -> None:
    text = farm("div/1#0", "--rerun")
    assert "RUNTIME_ERROR, the same as recorded" in text
    assert "total = 4 // n * n  ! ZeroDivisionError" in text
    assert "Trace of test 0" in farm("div/1#0", "--rerun", "--test", "0")


def test_a_function_is_traced_with_its_values() -> None:
    text = farm("half", "--rerun")
    assert "3 half: part = n // 3  # n = 8" in text
    assert "4 half: return part  # n = 8, part = 2" in text


def test_a_hostile_program_does_nothing_to_the_terminal() -> None:
    text = farm("div/1#1", "--rerun")
    assert "recorded is UNJUDGED" in text and "\\x1b[31m\\u202e\\x00" in text


def test_an_endless_program_is_stopped_and_told_where_it_was(tmp_path: Path) -> None:
    from farm.judging.selftest import require_safe
    from farm.judging.tracing import trace
    from farm.records import Limits

    with require_safe() as sandbox:
        traced = trace(sandbox, LOOPS, STDIN, 0, Limits(cpu_s=0.2, wall_s=5))
    assert "then stopped: out of time" in traced.trace and "n += 1" in traced.trace


def test_debug_artefacts_are_the_bytes_themselves(tmp_path: Path) -> None:
    farm("div/1#0", "--rerun", "--debug", str(tmp_path / "debug"))
    folder = tmp_path / "debug" / "div%2F1" / "0"
    assert (folder / "program.py").read_text() == DIVIDES.rstrip("\n")
    assert (folder / "tests" / "1.in").read_text() == "0\n"
    assert "ZeroDivisionError" in (folder / "trace.txt").read_text()
    assert json.loads((folder / "results.json").read_text())["first_failure"] == 1
    assert json.loads((folder / "timing.json").read_text())["tests"][0]["cpu_s"] == 0.25
    farm("--debug", str(tmp_path / "all"))
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["div%2F1", "half"]


def test_what_there_is_not_is_said() -> None:
    for arguments, said in (
        (("nope",), "has no problem nope"), (("half#7",), "has no sample 7"), (("--rerun",), "executes one sample"),
        (("half", "--rerun", "--test", "9"), "has 1 tests"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=said):
            farm(*arguments)
